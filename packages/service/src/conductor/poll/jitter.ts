// Chance for pauses, so that what began together does not go on together.

import { randomInt } from 'node:crypto';

const STEPS = 1_000;

/** From `1 - share` to `1 + share` times `ms`. */
export const jittered = (ms: number, share: number): number =>
  Math.round(ms * (1 - share + (2 * share * randomInt(STEPS + 1)) / STEPS));
