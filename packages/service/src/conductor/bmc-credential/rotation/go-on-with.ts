// A login was found: which account is changed with it, and the next phase.

import { type BmcSlotName, otherSlot } from '#store/bmc-credentials';
import type { RotationLogin } from '#store/bmc-rotations';

import { restingSlotState } from './proved-secret.ts';
import type { Go, RotationRun } from './rotation-run.ts';

/** Which account is changed; never the one that is logged in with, where there are two. */
const chooseTarget = (
  { credential, rotation }: RotationRun,
  login: RotationLogin,
  username?: string,
): BmcSlotName => {
  if (rotation.strategy === 'single') return credential.activeSlot ?? 'a';
  if (login.by === 'slot') return otherSlot(login.slot);
  const { activeSlot, slots } = credential;
  const next = activeSlot === null ? 'a' : otherSlot(activeSlot);
  const wished = rotation.work.askedSlot ?? next;
  return slots[wished].username === username ? otherSlot(wished) : wished;
};

export const goOnWith = (run: RotationRun, login: RotationLogin, slot: BmcSlotName): Go => {
  // Where there is one account, it was logged in with.
  const isLogin = login.by === 'slot' && login.slot === slot;
  const { credential } = run;
  return {
    kind: 'go',
    phase: 'generated',
    changes: { slot, path: login.by === 'inband' ? 'inband' : 'oob' },
    work: {
      login,
      refused: [],
      targetBefore: isLogin ? restingSlotState(credential, slot) : credential.slots[slot].state,
    },
  };
};

/** The same, of the account that is due. */
export const goOnTo = (run: RotationRun, login: RotationLogin, username?: string): Go =>
  goOnWith(run, login, chooseTarget(run, login, username));
