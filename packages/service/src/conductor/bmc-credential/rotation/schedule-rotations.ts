// Rotations that are due: by age, because something is wrong, or because one was left half done by a workflow that ended in
// another way. Nothing is begun while anybody works on the node.

import { Refusal } from '@bessemer/protocol/errors/refusal';

import {
  type BmcCredentialRecord,
  listDueBmcCredentials,
  listDueGroups,
  listFreeDueBmcCredentials,
} from '#store/bmc-credentials';
import { countBusyRotations, listLeftRotations } from '#store/bmc-rotations';

import type { BmcRotationWish } from '../credential-door.ts';
import { rotationPartsOf } from '../credential-parts.ts';
import { requestRotation, type RotationRequester } from './request-rotation.ts';
import { pauseLeft } from './pause-time.ts';
import type { RotationParts } from './rotation-run.ts';

/** Looked at in one turn; those that are due and held or busy stand in the way of no other. */
const DUE_MAX = 500;
/** After so many periods people are told. */
const OVERDUE_PERIODS = 2;
const DAY_MS = 86_400_000;

const triggerOf = ({ isPaused, state }: BmcCredentialRecord): BmcRotationWish['trigger'] => {
  if (isPaused) return 'suspicion';
  return state === 'lost' || state === 'degraded' ? 'repair' : 'schedule';
};

export type RotationSchedule = { readonly look: () => Promise<void> };

export const makeRotationSchedule = (requester: RotationRequester): RotationSchedule => {
  const { parts } = requester;
  /** When people were told last that a node is overdue. */
  const told = new Map<string, number>();

  const tellOverdue = async (kept: RotationParts, record: BmcCredentialRecord): Promise<void> => {
    const nowMs = parts.clock.wallMs();
    const lateMs = nowMs - (record.nextDueMs ?? nowMs);
    const isLate = lateMs > OVERDUE_PERIODS * kept.options.rotateEveryMs;
    if (!isLate || nowMs - (told.get(record.nodeUuid) ?? 0) < DAY_MS) return;
    told.set(record.nodeUuid, nowMs);
    const days = Math.floor(lateMs / DAY_MS);
    const event = { name: 'bmc.rotation.overdue', detail: { days } } as const;
    await parts.store.transaction((transaction) =>
      kept.note(transaction, { uuid: record.nodeUuid }, event),
    );
  };

  /** False: not now. */
  const begin = async (
    nodeUuid: BmcCredentialRecord['nodeUuid'],
    trigger: BmcRotationWish['trigger'],
    parallelMax?: number,
  ): Promise<boolean> => {
    try {
      await requestRotation(requester, nodeUuid, {
        trigger,
        isScheduled: true,
        ...(parallelMax === undefined ? {} : { parallelMax }),
      });
      return true;
    } catch (error) {
      // Busy, frozen, in maintenance, without a BMC: its turn comes again.
      if (error instanceof Refusal) return false;
      throw error;
    }
  };

  /** As many as the group has room for. Other conductors look at the same time: what they begin takes room, too. */
  const beginDue = async (kept: RotationParts, group: string): Promise<void> => {
    const { parallelMax } = kept.options;
    const roomNow = async (): Promise<number> =>
      parallelMax - (await countBusyRotations(parts.store.db, group));
    let room = await roomNow();
    if (room <= 0) return;
    const nowMs = parts.clock.wallMs();
    for (const record of await listFreeDueBmcCredentials(parts.store.db, group, nowMs, DUE_MAX)) {
      const isBegun = await begin(record.nodeUuid, triggerOf(record), parallelMax);
      room = isBegun ? room - 1 : await roomNow();
      if (room <= 0) return;
    }
  };

  return {
    look: async () => {
      const kept = rotationPartsOf(parts);
      if (kept === undefined) return;
      const due = await listDueBmcCredentials(parts.store.db, parts.clock.wallMs(), DUE_MAX);
      const left = await listLeftRotations(parts.store.db, DUE_MAX);
      if (due.length === 0 && left.length === 0) return;
      for (const record of due) await tellOverdue(kept, record);
      for (const rotation of left) {
        if (pauseLeft(rotation, parts.clock.wallMs()) === undefined) {
          await begin(rotation.nodeUuid, 'repair');
        }
      }
      if ((await kept.secrets.health()).state !== 'ready') return;
      const groups = await listDueGroups(parts.store.db, parts.clock.wallMs());
      for (const group of groups) await beginDue(kept, group);
    },
  };
};
