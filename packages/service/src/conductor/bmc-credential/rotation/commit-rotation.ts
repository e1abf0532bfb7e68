// Every write of a rotation: one transaction, under the fence of the lease, with a line of its log.

import { changeBmcCredential, type BmcCredentialChanges } from '#store/bmc-credentials';
import type { BmcCredentialRecord } from '#store/bmc-credentials';
import {
  appendRotationLog,
  type RotationChanges,
  type RotationWork,
  updateRotation,
} from '#store/bmc-rotations';
import type { Queryable } from '#store/database';
import { requirePhaseChange } from '#trust/bmc-credential/rotation-phases';

import { LeaseLost } from '../../workflow/lease-lost.ts';
import { pauseOf, pauseOver } from './pause-time.ts';
import {
  atFaultPoint,
  type Next,
  type Pause,
  type RotationRun,
  targetOf,
  withSlot,
} from './rotation-run.ts';

type Write = {
  readonly changes: RotationChanges;
  readonly credential?: ((record: BmcCredentialRecord) => BmcCredentialChanges) | undefined;
  readonly also?: (queryable: Queryable) => Promise<void>;
};

/** Throws LeaseLost, having changed nothing, when somebody else has the node. */
const write = async (run: RotationRun, { changes, credential, also }: Write): Promise<void> => {
  const { store, clock } = run.parts;
  const { nodeUuid } = run.rotation;
  const nowMs = clock.wallMs();
  let changed: BmcCredentialRecord | undefined;
  await store.transaction(async (transaction) => {
    const isOwner = await updateRotation(transaction, run.rotation, run.fence, changes, nowMs);
    if (!isOwner) throw new LeaseLost(nodeUuid);
    changed = await changeBmcCredential(transaction, nodeUuid, credential ?? (() => ({})));
    await also?.(transaction);
  });
  if (changed === undefined) throw new Error(`node ${nodeUuid} has no row of its credentials`);
  run.rotation = { ...run.rotation, ...changes, fence: run.fence, updatedMs: nowMs };
  run.credential = changed;
};

/** What is known of the logins changed; nothing else did. Also says whether the node is still ours. */
export const writeCredential = (
  run: RotationRun,
  credential: (record: BmcCredentialRecord) => BmcCredentialChanges,
): Promise<void> => write(run, { changes: {}, credential });

const workAfter = ({ parts, rotation }: RotationRun, next: Next, isNew: boolean): RotationWork => {
  const nowMs = parts.clock.wallMs();
  const before = { ...rotation.work, ...pauseOver(rotation.work, nowMs) };
  if (next.kind === 'wait') {
    return { ...before, waits: before.waits + 1, isPaused: true, pause: pauseOf(next.wait, nowMs) };
  }
  return { ...before, ...(isNew ? { waits: 0, waitedMs: {} } : {}), isPaused: false, ...next.work };
};

/** Whoever else works on the machine logs in with what is in use. */
const whileWaiting = (
  run: RotationRun,
  { isLoginKept }: Pause,
  record: BmcCredentialRecord,
): BmcCredentialChanges =>
  isLoginKept === true ? withSlot(record, targetOf(run), { state: 'active' }) : {};

export const commitNext = async (run: RotationRun, next: Next): Promise<void> => {
  const { parts, rotation, node } = run;
  const phase = next.kind === 'go' ? next.phase : rotation.phase;
  requirePhaseChange(rotation.strategy, rotation.phase, phase);
  const isNew = phase !== rotation.phase;
  const work = workAfter(run, next, isNew);
  const changes: RotationChanges = next.kind === 'go' ? { ...next.changes, phase, work } : { work };
  const isLocked = next.kind === 'wait' && next.isLocked === true;
  await atFaultPoint(run, `commit.${phase}`, () =>
    write(run, {
      changes,
      credential: (record) => ({
        ...(phase === 'done' ? {} : { state: isLocked ? 'locked' : 'rotating' }),
        ...(next.kind === 'go' ? next.credential?.(record) : whileWaiting(run, next, record)),
      }),
      also: async (transaction) => {
        if (isNew) {
          await appendRotationLog(transaction, {
            rotationId: rotation.id,
            nodeUuid: rotation.nodeUuid,
            atMs: parts.clock.wallMs(),
            fence: run.fence,
            phase,
            detail: {
              slot: changes.slot ?? rotation.slot,
              pass: work.pass,
              path: changes.path ?? rotation.path,
              ...(next.kind === 'go' ? next.detail : {}),
            },
          });
        }
        if (next.kind === 'go') await next.also?.(transaction);
        for (const event of next.events ?? []) {
          const detail = { rotation: rotation.id, phase, slot: rotation.slot, ...event.detail };
          await parts.note(transaction, node, { ...event, detail });
        }
      },
    }),
  );
  if (next.kind === 'go') run.entered = phase;
};
