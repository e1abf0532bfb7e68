// How often an account may be tried, kept with the node so that a restart does not forget it. A try is noted before it
// is made and taken back when it was let in: whatever happens in between counts as refused. So does every login whose
// answer was lost, unless the same login was let in a moment before.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '#clock';
import { isChangeDemanded } from '#drivers/change-demanded';
import type { BmcCredentialChanges, BmcCredentialRecord, BmcLimits } from '#store/bmc-credentials';

import { writeCredential } from './commit-rotation.ts';
import type { BmcCredentialOptions } from '../options.ts';
import { atFaultPoint, type RotationRun } from './rotation-run.ts';

/** A login that was not tried, so that the BMC does not lock the account. */
export class LoginHeld extends Error {
  readonly untilMs: number;

  constructor(username: string, untilMs: number) {
    super(`the account ${username} is not tried now`);
    this.name = 'LoginHeld';
    this.untilMs = untilMs;
  }
}

/** Of a BMC that tells nothing. */
const UNKNOWN_TRIES_MAX = 2;
const UNKNOWN_WINDOW_MS = 600_000;
/** As many as the longest search for a lost password needs. */
const TRIES_MAX = 4;
/** Of a BMC that says that an account is locked, and not for how long. */
export const LOCKOUT_MS = 1_800_000;

export const triesAllowed = (
  { lockoutThreshold: threshold, lockoutMs = 0, lockoutResetMs = 0 }: BmcLimits,
  { loginTriesMax = Infinity }: Pick<BmcCredentialOptions, 'loginTriesMax'>,
): { readonly max: number; readonly windowMs: number } => {
  const windowMs = Math.max(lockoutMs, lockoutResetMs) || UNKNOWN_WINDOW_MS;
  if (threshold === undefined)
    return { max: Math.min(loginTriesMax, UNKNOWN_TRIES_MAX), windowMs: UNKNOWN_WINDOW_MS };
  // 0: the BMC locks nothing.
  const byBmc = threshold === 0 ? TRIES_MAX : Math.min(TRIES_MAX, Math.max(1, threshold - 2));
  return { max: Math.min(loginTriesMax, byBmc), windowMs };
};

/** Undefined: it may be tried now. */
export const heldUntilMs = (
  record: Pick<BmcCredentialRecord, 'tries' | 'limits' | 'heldUntilMs'>,
  username: string,
  options: Pick<BmcCredentialOptions, 'loginTriesMax'>,
  nowMs: number,
): number | undefined => {
  if (record.heldUntilMs !== null && record.heldUntilMs > nowMs) return record.heldUntilMs;
  const { max, windowMs } = triesAllowed(record.limits, options);
  const counted = record.tries
    .filter((each) => each.username === username && each.atMs > nowMs - windowMs)
    .map(({ atMs }) => atMs)
    .toSorted((one, other) => one - other);
  if (counted.length < max) return undefined;
  return (counted[counted.length - max] as number) + windowMs;
};

/** Only what still counts for the longest window. */
export const withTry = (
  { tries, limits }: Pick<BmcCredentialRecord, 'tries' | 'limits'>,
  username: string,
  nowMs: number,
): Pick<BmcCredentialRecord, 'tries'> => {
  const { windowMs } = triesAllowed(limits, { loginTriesMax: undefined });
  return {
    tries: [...tries.filter(({ atMs }) => atMs > nowMs - windowMs), { username, atMs: nowMs }],
  };
};

/** The login was let in, whatever was answered then. */
const LET_IN: ReadonlySet<string> = new Set([
  'bmc.password-policy',
  'bmc.too-soon',
  'bmc.accounts-full',
  'bmc.account-fixed',
  'bmc.unsupported',
  'bmc.refused',
]);
const NOT_TRIED: ReadonlySet<string> = new Set(['bmc.login-budget', 'bmc.certificate']);
const UNKNOWN: ReadonlySet<string> = new Set(['bmc.unreachable', 'bmc.protocol']);

/** Where tries are noted. Every write is one of whoever has the lease of the node. */
export type TryLedger = {
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly options: Pick<BmcCredentialOptions, 'loginTriesMax'>;
  readonly read: () => BmcCredentialRecord;
  readonly write: (change: (record: BmcCredentialRecord) => BmcCredentialChanges) => Promise<void>;
  /** What a login that was let in says beside that its own tries are over. */
  readonly whenLetIn: BmcCredentialChanges;
};

export type TriedLogin = {
  readonly username: string;
  /** The same login was let in a moment ago. */
  readonly isProven: boolean;
};

/** One call of a door that logs in. Throws LoginHeld, and what `work` throws. */
export const tryCounted = async <T>(
  { clock, options, read, write, whenLetIn }: TryLedger,
  { username, isProven }: TriedLogin,
  work: () => Promise<T>,
): Promise<T> => {
  const nowMs = clock.wallMs();
  const heldMs = heldUntilMs(read(), username, options, nowMs);
  if (heldMs !== undefined) throw new LoginHeld(username, heldMs);
  await write((record) => withTry(record, username, nowMs));
  const takeBack = (): Promise<void> =>
    write(({ tries }) => ({
      tries: tries.filter((each) => each.username !== username || each.atMs !== nowMs),
    }));
  const letIn = (): Promise<void> =>
    write(({ tries }) => ({
      ...whenLetIn,
      tries: tries.filter((each) => each.username !== username),
    }));
  try {
    const result = await work();
    await letIn();
    return result;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (LET_IN.has(error.code) || isChangeDemanded(error)) await letIn();
    else if (NOT_TRIED.has(error.code) || (isProven && UNKNOWN.has(error.code))) await takeBack();
    else if (error.code === 'bmc.locked')
      await write(({ limits }) => heldBy(limits, clock.wallMs()));
    throw error;
  }
};

const heldBy = ({ lockoutMs = LOCKOUT_MS }: BmcLimits, nowMs: number) => ({
  heldUntilMs: nowMs + lockoutMs,
});

/** The same for a rotation; `name` is that of its fault points. */
export const tryAs = <T>(
  run: RotationRun,
  name: string,
  login: TriedLogin,
  work: () => Promise<T>,
): Promise<T> =>
  tryCounted(
    {
      ...run.parts,
      read: () => run.credential,
      write: (change) => writeCredential(run, change),
      whenLetIn: { isPaused: false, heldUntilMs: null },
    },
    login,
    () => atFaultPoint(run, name, work),
  );

/** `change-demanded`: the password is right, and good for nothing but its own change. */
export type LoginAnswer = 'in' | 'refused' | 'change-demanded';

/** Throws when it cannot be said. */
export const askLetIn = async (
  run: RotationRun,
  name: string,
  username: string,
  work: () => Promise<void>,
): Promise<LoginAnswer> => {
  try {
    await tryAs(run, name, { username, isProven: false }, work);
    return 'in';
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'bmc.credentials') throw error;
    return isChangeDemanded(error) ? 'change-demanded' : 'refused';
  }
};

/** Whether the BMC lets `username` in; throws when that cannot be said. */
export const isLetIn = async (...asked: Parameters<typeof askLetIn>): Promise<boolean> =>
  (await askLetIn(...asked)) === 'in';
