// What a rotation waits for, and how long it does: for the secret store, for a lockout to end, for a BMC that demands some
// time between two passwords, for one that does not answer. Each has a limit, after which the rotation ends with what
// works still working; what was not begun is begun again some hours later, or when somebody asks for it.
//
// What counts is the time that was waited for something: not the time in which other work had the node, or in which
// no process ran.

import type { Failure } from '@bessemer/protocol/errors/failure';

import type { PauseReason } from '#store/bmc-rotations';

import { endFailed } from './end-rotation.ts';
import { LOCKOUT_MS } from './login-tries.ts';
import { pauseOver } from './pause-time.ts';
import type { Next, Pause, RotationRun, RotationWait } from './rotation-run.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Longer each time, so that a store that comes back is not asked by all nodes at once. */
const STORE_LOOK_MS = 30_000;
const STORE_LOOK_MS_MAX = 10 * MINUTE_MS;
const BMC_LOOK_MS = MINUTE_MS;
/** Where a BMC says that it is too soon for another password, and not until when. */
const TOO_SOON_MS = HOUR_MS;
/** Whatever the BMC says: it is asked once a day. */
const TOO_SOON_MS_MAX = DAY_MS;
/** Clocks of BMCs and of the service do not run alike. */
const MARGIN_MS = 1_000;

type Limit = {
  /** In one phase. */
  readonly limitMs: number;
  /** In the last error. */
  readonly number: number;
  readonly text: string;
  readonly remedy: string;
};

const LIMITS: { readonly [reason in PauseReason]: Limit } = {
  store: {
    // A weekend, and the day on which somebody finds out.
    limitMs: 3 * DAY_MS,
    number: 111,
    text: 'the secret store could not be used for three days',
    remedy: 'Put the store right',
  },
  lockout: {
    // An account that is locked for ever, or always again, waits for a person.
    limitMs: 12 * HOUR_MS,
    number: 112,
    text: 'logins at the BMC were locked, or held back so that they are not, for twelve hours',
    remedy: 'Find out who tries wrong passwords there, and unlock the account',
  },
  bmc: {
    // A BMC that restarts takes minutes; one that is away for longer is somebody's work.
    limitMs: 15 * MINUTE_MS,
    number: 113,
    text: 'the BMC did not answer for a quarter of an hour',
    remedy: 'See to it that it can be reached',
  },
  age: {
    limitMs: 7 * DAY_MS,
    number: 114,
    text: 'for a week the BMC said that it is too soon for another password',
    remedy: 'Lower the least age of passwords in its policy',
  },
};
/** Of one rotation, whatever it waited for: about as long as until the next one is due. */
const TOTAL_MS_MAX = 30 * DAY_MS;

/** As `next`, but no pause goes beyond its limit: the rotation ends there. */
export const bounded = (run: RotationRun, next: Next): Next => {
  if (next.kind === 'go') return next;
  const { reason, code, lookAfterMs } = next.wait;
  const { waitedMs, waitedTotalMs } = pauseOver(run.rotation.work, run.parts.clock.wallMs());
  const { limitMs, number, text, remedy } = LIMITS[reason];
  const leftMs = Math.min(limitMs - (waitedMs[reason] ?? 0), TOTAL_MS_MAX - waitedTotalMs);
  if (leftMs > 0) {
    return { ...next, wait: { ...next.wait, lookAfterMs: Math.min(lookAfterMs, leftMs) } };
  }
  const advice = `${remedy}, then call repair_bmc_credentials.`;
  const said = `${text}, in the phase ${run.rotation.phase}. ${advice}`;
  const target = next.isLoginKept === true ? { target: 'active' as const } : {};
  return endFailed(run, number, code, said, { ...target, remedy: advice });
};

const pause = (wait: RotationWait, more: Omit<Pause, 'kind' | 'wait'> = {}): Pause => ({
  kind: 'wait',
  wait,
  ...more,
});

export const heldBack = (run: RotationRun, untilMs: number): Pause => {
  const isFirst = run.rotation.work.waits === 0;
  return pause(
    {
      reason: 'lockout',
      what: 'the time to pass in which the BMC counts refused logins',
      on: 'the BMC',
      remedy: 'Nothing: the login is tried again then, so that the account is not locked.',
      lookAfterMs: Math.max(0, untilMs - run.parts.clock.wallMs()) + MARGIN_MS,
      code: 'bmc.login-budget',
    },
    { isLocked: true, ...(isFirst ? { events: [{ name: 'bmc.lockout.avoided' }] } : {}) },
  );
};

const locked = (run: RotationRun): Pause =>
  pause(
    {
      reason: 'lockout',
      what: 'the lockout of the account to end',
      on: 'the BMC',
      remedy:
        'Somebody tried wrong passwords at the BMC; find out who. The rotation goes on by itself.',
      lookAfterMs: (run.credential.limits.lockoutMs ?? LOCKOUT_MS) + MARGIN_MS,
      code: 'bmc.locked',
    },
    { isLocked: true, events: [{ name: 'bmc.lockout.seen' }] },
  );

const storeAway = (run: RotationRun, failure: Failure): Pause =>
  pause(
    {
      reason: 'store',
      what: 'the secret store',
      on: `the ${run.parts.secrets.kind} secret store`,
      remedy: `${failure.message} The rotation goes on by itself when the store answers.`,
      lookAfterMs: Math.min(STORE_LOOK_MS * (run.rotation.work.waits + 1), STORE_LOOK_MS_MAX),
      code: failure.code,
    },
    run.rotation.work.waits === 0
      ? { events: [{ name: 'bmc.store.down', detail: { reason: failure.code } }] }
      : {},
  );

const secondsOf = ({ details }: Failure): number | undefined => {
  const { seconds } = details;
  return typeof seconds === 'number' && seconds >= 0 ? seconds : undefined;
};

const tooSoon = (failure: Failure): Pause =>
  pause({
    reason: 'age',
    what: 'the least age of a password to pass',
    on: 'the BMC',
    remedy: 'Nothing, or lower the least age in the password policy of the BMC.',
    lookAfterMs:
      Math.min((secondsOf(failure) ?? TOO_SOON_MS / 1_000) * 1_000, TOO_SOON_MS_MAX) + MARGIN_MS,
    code: failure.code,
  });

const noAnswer = (failure: Failure): Pause =>
  pause({
    reason: 'bmc',
    what: 'the BMC to answer',
    on: 'the BMC',
    remedy: `${failure.message} The rotation goes on by itself when the BMC answers.`,
    lookAfterMs: BMC_LOOK_MS,
    code: failure.code,
  });

const MAY_COME_BACK: readonly string[] = ['bmc.unreachable', 'bmc.protocol', 'agent.unreachable'];

/** Undefined: waiting is of no use. */
export const pauseAfter = (run: RotationRun, failure: Failure): Pause | undefined => {
  const { code } = failure;
  if (code.startsWith('secret-store.')) return storeAway(run, failure);
  if (code === 'bmc.locked') return locked(run);
  if (code === 'bmc.login-budget') {
    const waitMs = (secondsOf(failure) ?? BMC_LOOK_MS / 1_000) * 1_000;
    return heldBack(run, run.parts.clock.wallMs() + waitMs);
  }
  if (code === 'bmc.too-soon') return tooSoon(failure);
  return MAY_COME_BACK.includes(code) ? noAnswer(failure) : undefined;
};
