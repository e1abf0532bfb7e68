// One step of a rotation: the act of the phase that its row names, and the commit of what it led to. Whatever stops the
// process in between, the next one reads the row and does the act once more; every act is made for that.
//
// Where the world does not let it go on it waits, as long as waiting can help: for the secret store, for a lockout to
// end, for a BMC that demands some time between two passwords, for one that does not answer. A rotation that cannot go
// on ends, with what works still working, and says why.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { RotationPhase } from '#trust/bmc-credential/rotation-phases';
import { isInDoubt } from '#trust/bmc-credential/rotation-phases';

import { applying } from './apply-candidate.ts';
import { generated, staged, storing } from './candidate.ts';
import { commitNext } from './commit-rotation.ts';
import { endFailed } from './end-rotation.ts';
import { begin } from './find-login.ts';
import { LOCKOUT_MS, LoginHeld } from './login-tries.ts';
import { correcting, recovering, verified, verifying } from './prove-candidate.ts';
import { committing, retiring } from './put-to-use.ts';
import type { Act, Next, Pause, RotationRun, RotationWait } from './rotation-run.ts';
import { settling, verifyOldDead } from './settle-old.ts';

const ACTS: { readonly [phase in Exclude<RotationPhase, 'done'>]: Act } = {
  begin,
  generated,
  storing,
  staged,
  applying,
  verifying,
  recovering,
  correcting,
  verified,
  committing,
  retiring,
  verify_old_dead: verifyOldDead,
  settling,
};

const STORE_LOOK_MS = 30_000;
const BMC_LOOK_MS = 60_000;
/** A BMC that restarts takes minutes; one that is away for longer is somebody's work. */
const BMC_LOOKS_MAX = 15;
/** Where a BMC says that it is too soon for another password, and not until when. */
const TOO_SOON_MS = 3_600_000;
const TOO_SOON_WAITS_MAX = 30;
/** Whatever the BMC says: nothing else is done with the node meanwhile. */
const TOO_SOON_MS_MAX = 86_400_000;
/** An account that is locked for ever, or always again, waits for a person; the node does not wait with it. */
const LOCKOUTS_MAX = 12;
/** Clocks of BMCs and of the service do not run alike. */
const MARGIN_MS = 1_000;

const pause = (wait: RotationWait, more: Omit<Pause, 'kind' | 'wait'> = {}): Pause => ({
  kind: 'wait',
  wait,
  ...more,
});

const heldBack = (run: RotationRun, untilMs: number): Pause => {
  const isFirst = run.rotation.work.waits === 0;
  return pause(
    {
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
      what: 'the secret store',
      on: `the ${run.parts.secrets.kind} secret store`,
      remedy: `${failure.message} The rotation goes on by itself when the store answers.`,
      lookAfterMs: STORE_LOOK_MS,
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
    what: 'the least age of a password to pass',
    on: 'the BMC',
    remedy: 'Nothing, or lower the least age in the password policy of the BMC.',
    lookAfterMs:
      Math.min((secondsOf(failure) ?? TOO_SOON_MS / 1_000) * 1_000, TOO_SOON_MS_MAX) + MARGIN_MS,
    code: failure.code,
  });

const noAnswer = (failure: Failure): Pause =>
  pause({
    what: 'the BMC to answer',
    on: 'the BMC',
    remedy: `${failure.message} The rotation goes on by itself when the BMC answers.`,
    lookAfterMs: BMC_LOOK_MS,
    code: failure.code,
  });

const MAY_COME_BACK: readonly string[] = ['bmc.unreachable', 'bmc.protocol', 'agent.unreachable'];

const afterFailure = (run: RotationRun, failure: Failure): Next => {
  const { phase, work } = run.rotation;
  const { code } = failure;
  // A full store can be emptied; before the BMC is told nothing has to wait for that.
  const isStoreOver =
    code === 'secret-store.gone' || (code === 'secret-store.full' && !isInDoubt(phase));
  if (code.startsWith('secret-store.') && !isStoreOver) return storeAway(run, failure);
  if (code === 'bmc.locked' && work.waits < LOCKOUTS_MAX) return locked(run);
  if (code === 'bmc.login-budget') {
    const waitMs = (secondsOf(failure) ?? BMC_LOOK_MS / 1_000) * 1_000;
    return heldBack(run, run.parts.clock.wallMs() + waitMs);
  }
  if (code === 'bmc.too-soon' && work.waits < TOO_SOON_WAITS_MAX) return tooSoon(failure);
  if (MAY_COME_BACK.includes(code) && work.waits < BMC_LOOKS_MAX) return noAnswer(failure);
  // After the commit the new password is in use, whatever else does not go on.
  return endFailed(run, 120, code, `${phase}: ${failure.message}`);
};

const perform = async (run: RotationRun): Promise<Next> => {
  const { phase } = run.rotation;
  if (phase === 'done') throw new Error(`rotation ${run.rotation.id} is over`);
  try {
    return await ACTS[phase](run);
  } catch (error) {
    if (error instanceof LoginHeld) return heldBack(run, error.untilMs);
    if (error instanceof Failure) return afterFailure(run, error);
    throw error;
  }
};

/** Whether the account in use has another password now than `before`. */
const isOtherRef = (
  { credential: { activeSlot, slots } }: RotationRun,
  before: RotationRun['credential']['slots'],
): boolean => activeSlot !== null && slots[activeSlot].ref !== before[activeSlot].ref;

/** Undefined: it is over. Throws LeaseLost, with nothing more touched, when somebody else has the node. */
export const advance = async (run: RotationRun): Promise<RotationWait | 'on' | undefined> => {
  const next = await perform(run);
  const { activeSlot, slots } = run.credential;
  await commitNext(run, next);
  const isOther = run.credential.activeSlot !== activeSlot || isOtherRef(run, slots);
  if (isOther) run.parts.onCommitted?.(run.node.uuid);
  if (next.kind === 'wait') return next.wait;
  return next.phase === 'done' ? undefined : 'on';
};
