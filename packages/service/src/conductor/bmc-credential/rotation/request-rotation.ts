// Somebody, or the schedule, asks for a rotation: checked, then its row, the workflow and the lease in one transaction.

import { randomUUID } from 'node:crypto';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { isoTime } from '#clock';
import type { NodeDriver } from '#drivers/driver';
import { findBmcCredential, type SecretRef } from '#store/bmc-credentials';
import {
  countBusyRotations,
  findOpenRotation,
  type RotationRecord,
  type RotationTrigger,
  updateRotation,
} from '#store/bmc-rotations';
import type { Queryable } from '#store/database';
import { passGate } from '#store/gates';

import type { ConductorParts } from '../../conductor-parts.ts';
import { requestWork } from '../../management/request-work.ts';
import { nodeLocked, requireNode } from '../../provision/request-provision.ts';
import type { Scheduler } from '../../scheduler.ts';
import { withCaller } from '../../workflow/asked-by.ts';
import { planned } from '../../workflow/step.ts';
import type { NextWorkflow } from '../../workflow/workflow-kind.ts';
import { beginRotation } from './begin-rotation.ts';
import type { BmcRotationWish } from '../credential-door.ts';
import { doorsOf, rotationPartsOf } from '../credential-parts.ts';
import { pauseLeft, pauseOver } from './pause-time.ts';
import { ROTATE, ROTATE_STEP, ROTATION_KEY } from './rotate-step.ts';
import type { RotationParts } from './rotation-run.ts';

export const requireKept = (parts: ConductorParts): RotationParts => {
  const found = rotationPartsOf(parts);
  if (found !== undefined) return found;
  throw new Refusal(
    400,
    'This service keeps no credentials of BMCs: [bmc_credentials] enabled is false.',
  );
};

export const requireDoors = (node: NodeRecord, driver: NodeDriver): ReturnType<typeof doorsOf> => {
  const doors = doorsOf(driver, node);
  if (doors.length > 0) return doors;
  throw new Refusal(
    400,
    `Driver ${node.driver} does not support accounts of BMCs (disabled or not implemented).`,
  );
};

/** No rotation begins whose password could not be stored. */
const requireStoreReady = async ({ secrets }: RotationParts): Promise<void> => {
  const health = await secrets.health();
  if (health.state === 'ready') return;
  throw new Refusal(503, `The secret store cannot be used: ${health.failure.message}`);
};

const refuseInBand = async (parts: ConductorParts, node: NodeRecord): Promise<void> => {
  const door = parts.bmcCredentials?.openInBand?.({ node, parts, fence: 0 });
  const obstacle =
    door === undefined ? 'nothing is set from inside of machines' : await door.findObstacle(node);
  if (obstacle !== undefined) throw new Refusal(400, `path=inband: ${obstacle}.`);
};

const refuseHeld = async (
  queryable: Queryable,
  node: NodeRecord,
  wish: BmcRotationWish,
): Promise<void> => {
  const record = await findBmcCredential(queryable, node.uuid);
  if (record?.frozen != null) {
    throw new Refusal(
      409,
      `The credentials of the BMC of node ${node.uuid} are frozen: ${record.frozen.reason}`,
    );
  }
  if (node.maintenance && wish.isForced !== true) {
    throw new Refusal(409, `Node ${node.uuid} is in maintenance; use force=true to rotate anyway.`);
  }
};

/** What is gone on with has passwords of its own. */
export const refuseSupplied = (open: RotationRecord | undefined): void => {
  if (open === undefined) return;
  throw new Refusal(
    409,
    `Rotation ${open.id} of node ${open.nodeUuid} was cut short and is not over. Call repair_bmc_credentials first.`,
  );
};

const endPause = async (
  queryable: Queryable,
  { clock }: RotationParts,
  open: RotationRecord,
  fence: number,
): Promise<void> => {
  const nowMs = clock.wallMs();
  const work = { ...open.work, ...pauseOver(open.work, nowMs) };
  await updateRotation(queryable, open, fence, { work }, nowMs);
};

const refuseWaiting = (open: RotationRecord | undefined, nowMs: number): void => {
  const pause = open === undefined ? undefined : pauseLeft(open, nowMs);
  if (open === undefined || pause === undefined) return;
  throw new Refusal(
    409,
    `Rotation ${open.id} of node ${open.nodeUuid} waits for ${pause.what}, until ` +
      `${isoTime(nowMs + pause.lookAfterMs)}. repair_bmc_credentials goes on with it at once.`,
  );
};

export type RotationOrder = BmcRotationWish & {
  /** As the row tells it. */
  readonly storedTrigger?: RotationTrigger;
  readonly supplied?: SecretRef;
  /** Nobody asked. */
  readonly isScheduled?: true;
  /** Refused where so many keep the conductor group of the node busy already. */
  readonly parallelMax?: number;
};

/** Counted by all conductors together, each after the other. In the transaction that begins the rotation. */
const refuseCrowd = async (
  transaction: Queryable,
  { conductorGroup }: NodeRecord,
  { parallelMax }: RotationOrder,
): Promise<void> => {
  if (parallelMax === undefined) return;
  await passGate(transaction, `bmc-rotation/${conductorGroup}`);
  if ((await countBusyRotations(transaction, conductorGroup)) < parallelMax) return;
  throw new Refusal(503, `${parallelMax} rotations run in the conductor group already.`);
};

export type RotationRequester = {
  readonly parts: ConductorParts;
  readonly scheduler: Pick<Scheduler, 'owner' | 'isFull' | 'nudge'>;
};

/** Throws Refusal. A rotation that an earlier workflow left open is gone on with instead. */
export const requestRotation = async (
  { parts, scheduler }: RotationRequester,
  uuid: NodeUuid,
  order: RotationOrder,
): Promise<string> => {
  const rotation = requireKept(parts);
  const subject = await requireNode(parts.store.db, uuid);
  requireDoors(subject, parts.drivers.driverOf(subject));
  await refuseHeld(parts.store.db, subject, order);
  if (order.path === 'inband') await refuseInBand(parts, subject);
  const left = await findOpenRotation(parts.store.db, uuid);
  // One that is open waits for the store by itself, and for so long only.
  if (left === undefined) await requireStoreReady(rotation);
  const { caller } = order;
  // A person knows better whether there is still something to wait for.
  const isAtOnce = order.trigger === 'repair' && order.isScheduled !== true;
  if (!isAtOnce) refuseWaiting(left, rotation.clock.wallMs());
  const id = left?.id ?? randomUUID();
  const fence = await requestWork(parts, scheduler, uuid, ({ node, driver }) => {
    requireDoors(node, driver);
    const plan = [planned(ROTATE_STEP, 'management', { [ROTATION_KEY]: id })];
    const work: NextWorkflow = { kind: ROTATE.name, plan };
    return {
      ...withCaller(work, caller),
      isOwnKindEnded: isAtOnce,
      also: async (transaction, held) => {
        await refuseCrowd(transaction, node, order);
        await refuseHeld(transaction, node, order);
        const open = await findOpenRotation(transaction, uuid);
        if (open?.id !== left?.id) throw nodeLocked(node, parts.options.hostname);
        if (order.supplied !== undefined) refuseSupplied(open);
        if (open !== undefined)
          return isAtOnce ? endPause(transaction, rotation, open, held) : undefined;
        await beginRotation(transaction, rotation, node, held, {
          id,
          trigger: order.storedTrigger ?? order.trigger,
          requester: { user: caller?.user ?? null, project: caller?.project ?? null },
          ...(order.path === undefined ? {} : { path: order.path }),
          ...(order.slot === undefined ? {} : { slot: order.slot }),
          ...(order.given === undefined ? {} : { givenPolicy: order.given }),
          ...(order.supplied === undefined ? {} : { supplied: order.supplied }),
        });
      },
    };
  });
  scheduler.nudge(uuid, fence);
  return id;
};
