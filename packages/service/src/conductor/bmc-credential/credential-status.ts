// What people are told of the credentials of a BMC: states and ages, never a password.

import type { JsonObject } from '@bessemer/protocol/json';

import { isoTime } from '#clock';
import type { BmcCredentialRecord, BmcSlot } from '#store/bmc-credentials';
import type { RotationRecord } from '#store/bmc-rotations';

const timeOf = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

const slotStatus = ({
  username,
  state,
  setAtMs,
  verifiedAtMs,
  accountIds,
}: BmcSlot): JsonObject => ({
  username,
  state,
  accounts: { ...accountIds },
  set_at: timeOf(setAtMs),
  verified_at: timeOf(verifiedAtMs),
});

const rotationStatus = (rotation: RotationRecord): JsonObject => ({
  id: rotation.id,
  trigger: rotation.trigger,
  phase: rotation.phase,
  slot: rotation.slot,
  path: rotation.path,
  waits_for: rotation.work.pause?.what ?? null,
  waits_until: timeOf(rotation.work.pause?.untilMs ?? null),
  waits_because: rotation.work.pause?.code ?? null,
  remedy: rotation.work.pause?.remedy ?? null,
  started_at: isoTime(rotation.startedMs),
  updated_at: isoTime(rotation.updatedMs),
});

export const credentialStatus = (
  record: BmcCredentialRecord,
  open: RotationRecord | undefined,
  store: string,
): JsonObject => {
  const { slots, lastResult, frozen } = record;
  return {
    state: record.state,
    strategy: record.strategy,
    store,
    active_slot: record.activeSlot,
    slots: { a: slotStatus(slots.a), b: slotStatus(slots.b) },
    given: record.given === null ? null : { username: record.given.username },
    profile: record.profile,
    limits: { ...record.limits },
    logins_held_until: timeOf(record.heldUntilMs),
    logins_paused: record.isPaused,
    frozen:
      frozen === null
        ? null
        : {
            reason: frozen.reason,
            since: isoTime(frozen.atMs),
            until: timeOf(frozen.untilMs ?? null),
          },
    next_due: timeOf(record.nextDueMs),
    last_result:
      lastResult === null
        ? null
        : {
            outcome: lastResult.outcome,
            at: isoTime(lastResult.atMs),
            rotation: lastResult.rotationId,
            code: lastResult.code,
            text: lastResult.text,
          },
    rotation: open === undefined ? null : rotationStatus(open),
  };
};
