// Waits until something is seen, with a limit.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EACH_MS = 200;

export const waitFor = async <T>(
  look: () => Promise<T>,
  isSeen: (value: T) => boolean,
  limitMs: number,
): Promise<T> => {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (isSeen(value)) return value;
    assert.ok(
      performance.now() < untilMs,
      `not seen in ${limitMs} ms: ${String(value).slice(-2_000)}`,
    );
    await pause(LOOK_EACH_MS);
  }
};
