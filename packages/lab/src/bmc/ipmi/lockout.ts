// Users that were refused too often.

import type { IpmiBmc, IpmiUser } from './bmc-memory.ts';

export const isLocked = ({ clock }: IpmiBmc, user: IpmiUser): boolean =>
  clock.monotonicMs() < user.lockedUntilMs;

export const noteWrongPassword = (bmc: IpmiBmc, user: IpmiUser): void => {
  bmc.counters.wrongPasswords += 1;
  const seconds = bmc.faults.get('lockout-seconds') ?? Infinity;
  const nowMs = bmc.clock.monotonicMs();
  if (nowMs - user.wrongPasswordMs > seconds * 1_000) user.wrongPasswordCount = 0;
  user.wrongPasswordCount += 1;
  user.wrongPasswordMs = nowMs;
  const countMax = bmc.faults.get('lockout');
  if (countMax === undefined || user.wrongPasswordCount < countMax) return;
  user.lockedUntilMs = nowMs + seconds * 1_000;
  user.wrongPasswordCount = 0;
};
