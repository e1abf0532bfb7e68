// One step of a rotation: the act of the phase that its row names, and the commit of what it led to. Whatever stops the
// process in between, the next one reads the row and does the act once more; every act is made for that.
//
// Where the world does not let it go on it waits, as long as waiting can help; see pauses.ts. A rotation that cannot go on
// ends, with what works still working, and says why.

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';

import { isPasswordSet } from '#drivers/after-password';
import type { RotationPhase } from '#trust/bmc-credential/rotation-phases';
import { isInDoubt } from '#trust/bmc-credential/rotation-phases';

import { applying } from './apply-candidate.ts';
import { generated, staged, storing } from './candidate.ts';
import { commitNext } from './commit-rotation.ts';
import { endFailed } from './end-rotation.ts';
import { begin } from './find-login.ts';
import { LoginHeld } from './login-tries.ts';
import { bounded, heldBack, pauseAfter } from './pauses.ts';
import { correcting, recovering, verified, verifying } from './prove-candidate.ts';
import { committing, retiring } from './put-to-use.ts';
import type { Act, Next, RotationRun, RotationWait } from './rotation-run.ts';
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

const isStoreOver = ({ rotation }: RotationRun, code: FailureCode): boolean =>
  // A full store can be emptied; before the BMC is told nothing has to wait for that.
  code === 'secret-store.gone' || (code === 'secret-store.full' && !isInDoubt(rotation.phase));

/** Whether the account in use is the one that was to be told, and surely has the password that it had. */
const isLoginKept = ({ rotation, credential }: RotationRun): boolean => {
  const { phase, slot, work } = rotation;
  const isOfLogin = slot !== null && slot === credential.activeSlot;
  return phase === 'applying' && isOfLogin && work.applied === 1 && work.targetBefore === 'active';
};

const afterFailure = (run: RotationRun, failure: Failure): Next => {
  const { code, message } = failure;
  const pause = isStoreOver(run, code) ? undefined : pauseAfter(run, failure);
  if (pause !== undefined && isLoginKept(run) && !isPasswordSet(failure)) {
    return { ...pause, isLoginKept: true };
  }
  // After the commit the new password is in use, whatever else does not go on.
  return pause ?? endFailed(run, 120, code, `${run.rotation.phase}: ${message}`);
};

const perform = async (run: RotationRun): Promise<Next> => {
  const { phase } = run.rotation;
  if (phase === 'done') throw new Error(`rotation ${run.rotation.id} is over`);
  try {
    return await ACTS[phase](run);
  } catch (error) {
    if (error instanceof LoginHeld) {
      return { ...heldBack(run, error.untilMs), isLoginKept: isLoginKept(run) };
    }
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
  const next = bounded(run, await perform(run));
  const { activeSlot, slots } = run.credential;
  await commitNext(run, next);
  const isOther = run.credential.activeSlot !== activeSlot || isOtherRef(run, slots);
  if (isOther) run.parts.onCommitted?.(run.node.uuid);
  if (next.kind === 'wait') return next.wait;
  return next.phase === 'done' ? undefined : 'on';
};
