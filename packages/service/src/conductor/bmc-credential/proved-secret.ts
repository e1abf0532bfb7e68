// A fresh login showed which password an account has: what else it may have had is out of use.

import type {
  BmcCredentialRecord,
  BmcSlotName,
  BmcSlotState,
  SecretRef,
} from '#store/bmc-credentials';

import { withSlot } from './rotation-run.ts';

export const withProved = (
  record: BmcCredentialRecord,
  slot: BmcSlotName,
  ref: SecretRef,
  { state, nowMs }: { readonly state: BmcSlotState; readonly nowMs: number },
): Pick<BmcCredentialRecord, 'slots' | 'superseded'> => {
  const before = record.slots[slot];
  const gone = [...before.possible, ...(before.ref === null ? [] : [before.ref])];
  return {
    ...withSlot(record, slot, { ref, possible: [], state, verifiedAtMs: nowMs }),
    superseded: [
      ...record.superseded,
      ...gone.filter((each) => each !== ref).map((each) => ({ slot, ref: each, sinceMs: nowMs })),
    ],
  };
};

/** Of an account that works and is not being put to use. */
export const restingSlotState = (
  { activeSlot }: Pick<BmcCredentialRecord, 'activeSlot'>,
  slot: BmcSlotName,
): BmcSlotState => (activeSlot === slot ? 'active' : 'standby');
