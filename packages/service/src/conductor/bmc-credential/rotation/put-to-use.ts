// A password that is proved becomes the one in use; then the account that was in use before gets a fresh one, too, or is
// disabled, so that what was known of it is worth nothing.

import {
  type BmcCredentialChanges,
  type BmcCredentialRecord,
  type BmcSlotName,
  otherSlot,
} from '#store/bmc-credentials';
import { FRESH_PASS } from '#store/bmc-rotations';
import type { Queryable } from '#store/database';
import { findNode, updateNode } from '#store/nodes';

import { disableAccount } from './disable-account.ts';
import { withStoredLogin } from './given-login.ts';
import { modelOf } from './machine-model.ts';
import { withProved } from './proved-secret.ts';
import {
  type Act,
  candidateOf,
  type Go,
  isOwnChange,
  type RotationRun,
  targetOf,
  withSlot,
} from './rotation-run.ts';

/** Drivers find the login where clients put one. */
const nameLogin = async (run: RotationRun, queryable: Queryable): Promise<void> => {
  const node = await findNode(queryable, run.node.uuid);
  // It was deleted meanwhile; its BMC was not.
  if (node === undefined) return;
  const slot = targetOf(run);
  const login = {
    username: run.credential.slots[slot].username,
    slot,
    writeId: candidateOf(run),
  };
  const kept = withStoredLogin(run.parts.keys, node, run.doors, login);
  await updateNode(queryable, node.uuid, kept);
  run.node = { ...run.node, ...kept };
};

const inUse = (run: RotationRun, record: BmcCredentialRecord): BmcCredentialChanges => {
  const [slot, nowMs] = [targetOf(run), run.parts.clock.wallMs()];
  const { work } = run.rotation;
  const isReplacing = work.pass === 'replace';
  const state = isReplacing ? 'active' : 'standby';
  const proved = withProved(record, slot, candidateOf(run), { state, nowMs });
  if (!isReplacing) return proved;
  // Of an account that this one came in the place of.
  const { ref = null, possible = [] } = work.slotBefore ?? {};
  const before = [...possible, ...(ref === null ? [] : [ref])];
  const other = otherSlot(slot);
  const isDemoted = proved.slots[other].state === 'active';
  return {
    ...proved,
    ...(isDemoted ? withSlot(proved, other, { state: 'standby' }) : {}),
    superseded: [
      ...proved.superseded,
      ...before.map((each) => ({ slot, ref: each, sinceMs: nowMs })),
    ],
    activeSlot: slot,
    // What somebody supplied says nothing about what the BMC takes.
    profile: work.supplied === null ? work.profile : record.profile,
    model: modelOf(run.node) ?? record.model,
  };
};

export const committing: Act = async (run) => {
  const slot = targetOf(run);
  const { strategy, work } = run.rotation;
  const isReplacing = work.pass === 'replace';
  const old = run.credential.slots[slot].ref;
  const isSame = strategy === 'single' || isOwnChange(run);
  const isOldUsed = old !== null && (!isReplacing || isSame);
  return {
    kind: 'go',
    phase: isReplacing && strategy === 'dual' ? 'retiring' : 'verify_old_dead',
    work: {
      slotBefore: null,
      ...(isOldUsed ? { replaced: { slot, ref: old } } : {}),
    },
    credential: (record) => inUse(run, record),
    ...(isReplacing
      ? {
          also: (queryable: Queryable) => nameLogin(run, queryable),
          events: [{ name: 'bmc.rotation.committed' as const }],
        }
      : {}),
  };
};

const freshPass = ({ credential }: RotationRun, active: BmcSlotName, slot: BmcSlotName): Go => ({
  kind: 'go',
  phase: 'generated',
  changes: { slot, path: 'oob', candidate: null },
  work: {
    ...FRESH_PASS,
    pass: 'retire',
    login: { by: 'slot', slot: active },
    targetBefore: credential.slots[slot].state,
  },
  credential: (record) => withSlot(record, slot, { state: 'retiring' }),
});

export const retiring: Act = async (run) => {
  const active = targetOf(run);
  const slot = otherSlot(active);
  const { standbyPolicy } = run.parts.options;
  const isThere = run.credential.slots[slot].ref !== null;
  const isBroken = run.credential.slots[slot].state === 'suspect';
  // What was never made is made, and what does not work is put right, whatever is done to accounts that rest.
  if (!isThere || isBroken || standbyPolicy === 'scramble') return freshPass(run, active, slot);
  if (standbyPolicy === 'keep') return { kind: 'go', phase: 'verify_old_dead' };
  await disableAccount(run, active, run.credential.slots[slot].username);
  return {
    kind: 'go',
    phase: 'verify_old_dead',
    credential: (record) => withSlot(record, slot, { state: 'retired' }),
    events: [
      {
        name: 'bmc.account.disabled',
        detail: { username: run.credential.slots[slot].username },
      },
    ],
  };
};
