// A fresh login showed which password an account has: what it had before is out of use. What the BMC was told later than
// that one may still come: there are BMCs that take their time.

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
  {
    state,
    nowMs,
    told = ref,
  }: {
    readonly state: BmcSlotState;
    readonly nowMs: number;
    /** What the BMC was told, where it made something else of it. */
    readonly told?: SecretRef;
  },
): Pick<BmcCredentialRecord, 'slots' | 'superseded'> => {
  const before = record.slots[slot];
  const index = before.possible.indexOf(told);
  const later = index < 0 ? before.possible : before.possible.slice(0, index);
  const earlier = index < 0 ? [] : before.possible.slice(index);
  const gone = [...earlier, ...(before.ref === null ? [] : [before.ref])];
  return {
    ...withSlot(record, slot, { ref, possible: later, state, verifiedAtMs: nowMs }),
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
