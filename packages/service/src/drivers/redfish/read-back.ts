// Looking until a change shows. BMCs accept first and act later; that a request succeeded says little.

import type { Bmc } from './bmc-pool.ts';
import type { Resource } from './client.ts';

/** The resource once `isDone` holds; the last one seen, with `isDone` false, when `limitMs` is over. */
export const readBack = async (
  bmc: Bmc,
  path: string,
  limitMs: number,
  isDone: (resource: Resource) => boolean,
): Promise<{ readonly resource: Resource; readonly isDone: boolean }> => {
  const { client, clock, operation, options } = bmc;
  const untilMs = clock.monotonicMs() + limitMs;
  let delayMs = options.pollMs;
  for (;;) {
    const resource = await client.fetch(path, operation);
    if (isDone(resource)) return { resource, isDone: true };
    const isLate = clock.monotonicMs() + delayMs >= untilMs;
    if (isLate || !(await operation.pause(delayMs))) return { resource, isDone: false };
    delayMs = Math.min(delayMs * 2, options.pollMsMax);
  }
};
