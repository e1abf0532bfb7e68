// What is done about credentials of BMCs without anybody asking: rotations that are due, and secrets that are over.

import { rotationPartsOf } from './credential-parts.ts';
import type { RotationRequester } from './rotation/request-rotation.ts';
import { makeRotationSchedule } from './rotation/schedule-rotations.ts';
import { sweepSecrets } from './sweep-secrets.ts';

const LOOK_EVERY_MS = 30_000;
const SWEEP_EVERY_MS = 3_600_000;
/** Not with the first breath of the process: the store may come up with it. */
const FIRST_SWEEP_MS = 120_000;

export type CredentialKeeper = {
  readonly start: () => void;
  /** Resolves when nothing of it runs any more. */
  readonly stop: () => Promise<void>;
};

export const makeCredentialKeeper = (requester: RotationRequester): CredentialKeeper => {
  const { parts } = requester;
  const { clock, log } = parts;
  const schedule = makeRotationSchedule(requester);
  const cancels = new Map<string, () => void>();
  const running = new Map<string, Promise<void>>();
  let isStopped = false;

  const every = (
    name: string,
    firstMs: number,
    periodMs: number,
    work: () => Promise<void>,
  ): void => {
    const run = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        log.warn({ err: error }, `${name} of credentials of BMCs did not come to its end`);
      }
      if (!isStopped) plan(periodMs);
    };
    const plan = (delayMs: number): void => {
      cancels.set(
        name,
        clock.after(delayMs, () => running.set(name, run())),
      );
    };
    plan(firstMs);
  };

  return {
    start: () => {
      const kept = rotationPartsOf(parts);
      if (kept === undefined) return;
      every('the schedule', LOOK_EVERY_MS, LOOK_EVERY_MS, schedule.look);
      every('the sweep', FIRST_SWEEP_MS, SWEEP_EVERY_MS, () => sweepSecrets(kept));
    },
    stop: async () => {
      isStopped = true;
      for (const cancel of cancels.values()) cancel();
      await Promise.all(running.values());
    },
  };
};
