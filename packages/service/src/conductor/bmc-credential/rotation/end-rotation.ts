// The end of a rotation: in what state it leaves the node, and what people are told.

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import type { StoredFailure } from '@bessemer/protocol/errors/failure';

import type {
  BmcCredentialRecord,
  BmcCredentialState,
  BmcSlotName,
  BmcSlotState,
  SupersededSecret,
} from '#store/bmc-credentials';
import { otherSlot } from '#store/bmc-credentials';
import type { RotationRecord } from '#store/bmc-rotations';

import { givenRefOf, SUPPLIED_PLACE } from './kept-secrets.ts';
import type { Go, RotationEvent, RotationRun } from './rotation-run.ts';

const WORKS: readonly BmcSlotState[] = ['active', 'standby', 'verified'];
/** Switched off by us, or never made: nothing that should work does not. */
const IS_AT_REST: readonly BmcSlotState[] = ['retired', 'foreign'];

const UNDER_WORK: readonly BmcSlotState[] = ['staged', 'applying', 'verified', 'retiring'];

/** What is true of a node that nobody works on, as its slots say. */
export const restingState = (
  record: Pick<BmcCredentialRecord, 'slots' | 'activeSlot' | 'strategy' | 'frozen'>,
): BmcCredentialState => {
  const { slots, activeSlot, strategy, frozen } = record;
  if (frozen !== null) return 'frozen';
  const worksAt = (slot: BmcSlotName): boolean => WORKS.includes(slots[slot].state);
  if (activeSlot === null) {
    const isBegun = strategy === 'dual' && (worksAt('a') || worksAt('b'));
    return isBegun ? 'degraded' : 'unmanaged';
  }
  const other = otherSlot(activeSlot);
  if (!worksAt(activeSlot)) return worksAt(other) ? 'degraded' : 'lost';
  if (strategy === 'single') return 'managed';
  return worksAt(other) || IS_AT_REST.includes(slots[other].state) ? 'managed' : 'degraded';
};

/** The slot that was worked on when the rotation ended badly: nobody knows, or it is as it was. */
const settleSlots = (
  record: BmcCredentialRecord,
  rotation: RotationRecord,
  target: BmcSlotState | undefined,
): Pick<BmcCredentialRecord, 'slots'> => {
  const { slot, work, candidate } = rotation;
  if (slot === null) return record;
  const before = record.slots[slot];
  // The account that a person gave was to become one of ours, and nothing came of it.
  const isAsGiven = before.ref === givenRefOf(rotation) && before.possible.length === 0;
  if (work.slotBefore != null && isAsGiven && record.activeSlot !== slot) {
    return { slots: { ...record.slots, [slot]: work.slotBefore } };
  }
  if (target === undefined && !UNDER_WORK.includes(before.state)) return record;
  const isInDoubt = candidate !== null && before.possible.includes(candidate);
  const rest = isInDoubt ? 'suspect' : work.targetBefore;
  return { slots: { ...record.slots, [slot]: { ...before, state: target ?? rest } } };
};

/** What is over now of the two accounts that were to be one: the one that was given, or the one it came in the place of. */
const overOf = (
  slots: BmcCredentialRecord['slots'],
  rotation: RotationRecord,
  sinceMs: number,
): readonly SupersededSecret[] => {
  const { slot, work } = rotation;
  if (slot === null || work.slotBefore == null) return [];
  const { ref, possible } = work.slotBefore;
  const refs = slots[slot] === work.slotBefore ? [givenRefOf(rotation)] : [...possible, ref];
  return refs.filter((each) => each !== null).map((each) => ({ slot, ref: each, sinceMs }));
};

/** After a failure the next try comes sooner than the next period. */
const RETRY_MS = 6 * 3_600_000;
/** So that nodes which were taken over together are not rotated together. */
const JITTER_SHARE = 0.1;

/** Always the same for the same rotation: evenly spread over both sides. */
const jitterOf = (id: string): number => (Number.parseInt(id.slice(0, 6), 16) / 0xffffff) * 2 - 1;

const nextDueMs = (
  { parts, rotation }: RotationRun,
  state: BmcCredentialState,
  isGood: boolean,
): number | null => {
  const { rotateEveryMs } = parts.options;
  if (rotateEveryMs === 0 || state === 'unmanaged') return null;
  const period = isGood ? rotateEveryMs : Math.min(rotateEveryMs, RETRY_MS);
  return Math.round(parts.clock.wallMs() + period * (1 + JITTER_SHARE * jitterOf(rotation.id)));
};

const closingEvents = (
  before: BmcCredentialState,
  state: BmcCredentialState,
  failure: StoredFailure | null,
): readonly RotationEvent[] => {
  const detail = failure === null ? {} : { code: failure.code, reason: failure.text };
  const wasBad = before === 'lost' || before === 'degraded';
  return [
    ...(failure === null ? [] : [{ name: 'bmc.rotation.failed' as const, detail }]),
    ...(state === 'lost' && before !== 'lost' ? [{ name: 'bmc.lost' as const, detail }] : []),
    ...(state === 'managed' && wasBad ? [{ name: 'bmc.repaired' as const }] : []),
  ];
};

export type KnownEnd = {
  /** What is known of the account that was worked on; found out from what is stored of it when undefined. */
  readonly target?: BmcSlotState;
  /** The BMC does not hold the candidate. */
  readonly isCandidateGone?: boolean;
  /** For `why`, where the text does not say it. */
  readonly remedy?: string;
};

/** What the BMC does not let in now is no worse than before; but nobody gets in. */
const LOCKOUTS: readonly FailureCode[] = ['bmc.locked', 'bmc.login-budget'];

const endState = (
  { rotation }: RotationRun,
  resting: BmcCredentialState,
  failure: StoredFailure | null,
): BmcCredentialState => {
  if (resting !== 'managed') return resting;
  if (failure !== null && LOCKOUTS.some((code) => code === failure.code)) return 'locked';
  return rotation.work.isOldAlive ? 'degraded' : 'managed';
};

type Ending = Omit<KnownEnd, 'remedy'> & { readonly failure: StoredFailure | null };

/** What the BMC does not hold is destroyed with what went out of use. */
export const dropCandidate = (
  { rotation, parts }: RotationRun,
  record: BmcCredentialRecord,
): Pick<BmcCredentialRecord, 'slots' | 'superseded'> => {
  const { slot, candidate: ref } = rotation;
  if (slot === null || ref === null) return record;
  const possible = record.slots[slot].possible.filter((each) => each !== ref);
  return {
    slots: { ...record.slots, [slot]: { ...record.slots[slot], possible } },
    superseded: [...record.superseded, { slot, ref, sinceMs: parts.clock.wallMs() }],
  };
};

/** A password that was stored and that no BMC was told is named nowhere else. */
const leftOver = (
  { slots, superseded }: BmcCredentialRecord,
  { slot, candidate: ref, work }: RotationRecord,
  nowMs: number,
): readonly SupersededSecret[] => {
  // The place of a supplied one is nobody's now; what the account got is kept in its own.
  const supplied =
    work.supplied === null ? [] : [{ slot: SUPPLIED_PLACE, ref: work.supplied, sinceMs: nowMs }];
  if (slot === null || ref === null) return supplied;
  const { ref: own, possible } = slots[slot];
  const isNamed =
    own === ref ||
    possible.includes(ref) ||
    superseded.some((each) => each.slot === slot && each.ref === ref);
  return isNamed ? supplied : [...supplied, { slot, ref, sinceMs: nowMs }];
};

const end = (run: RotationRun, { failure, target, isCandidateGone }: Ending): Go => {
  const { rotation, parts } = run;
  const nowMs = parts.clock.wallMs();
  const { stateBefore } = rotation.work;
  const close = (before: BmcCredentialRecord) => {
    const dropped = isCandidateGone === true ? dropCandidate(run, before) : before;
    const record = { ...before, ...dropped };
    const { slots } = settleSlots(record, rotation, target);
    const over = overOf(slots, rotation, nowMs);
    const resting = restingState({ ...record, slots });
    const state = endState(run, resting, failure);
    return {
      slots,
      superseded: [...record.superseded, ...leftOver(record, rotation, nowMs), ...over],
      state,
      nextDueMs: nextDueMs(run, state, failure === null),
      lastResult: {
        outcome: failure === null ? ('succeeded' as const) : ('failed' as const),
        atMs: nowMs,
        rotationId: rotation.id,
        code: failure?.code ?? null,
        text: failure?.text ?? 'The credentials were rotated.',
      },
    };
  };
  const { state } = close(run.credential);
  return {
    kind: 'go',
    phase: 'done',
    changes: {
      endedMs: nowMs,
      outcome: failure === null ? 'succeeded' : 'failed',
      error: failure,
    },
    credential: close,
    events: closingEvents(stateBefore, state, failure),
    detail: { state, ...(failure === null ? {} : { code: failure.code }) },
  };
};

/** Where a password has to be changed first, and the rotation cannot do it. */
export const DEMAND_REMEDY = 'Change it at the BMC, put it into driver_info, and try again.';

/** `number`: for last_error, so that texts may change. */
export const endFailed = (
  run: RotationRun,
  number: number,
  code: FailureCode,
  text: string,
  { remedy, ...known }: KnownEnd = {},
): Go => {
  const details = remedy === undefined ? {} : { remedy };
  return end(run, { ...known, failure: { code, text: `BMC-CRED-${number} ${text}`, details } });
};

export const endSucceeded = (run: RotationRun): Go => end(run, { failure: null });
