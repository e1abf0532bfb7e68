// A rotation begins as a row, in the transaction that takes the lease; whoever has the lease goes on with it.

import { randomUUID } from 'node:crypto';

import type { NodeRecord } from '@bessemer/protocol/node/record';

import {
  addBmcCredential,
  type BmcCredentialRecord,
  type BmcSlotName,
  changeBmcCredential,
  emptySlot,
  findBmcCredential,
  type SecretRef,
} from '#store/bmc-credentials';
import {
  appendRotationLog,
  FRESH_PASS,
  insertRotation,
  type RotationRecord,
  type RotationTrigger,
} from '#store/bmc-rotations';
import type { Queryable } from '#store/database';

import type { BmcCredentialOptions } from '../options.ts';
import type { RotationParts } from './rotation-run.ts';

export type RotationRequest = {
  /** Chosen by whoever has to find it again; at most 40 characters. */
  readonly id?: string;
  readonly trigger: RotationTrigger;
  readonly requester: RotationRecord['requester'];
  readonly path?: 'auto' | 'oob' | 'inband';
  readonly slot?: BmcSlotName;
  /** Stored already, in its own place. */
  readonly supplied?: SecretRef;
  /** What is done to the account that a person gave. */
  readonly givenPolicy?: 'keep' | 'disable';
};

export const newCredential = (
  nodeUuid: NodeRecord['uuid'],
  { strategy, usernames }: Pick<BmcCredentialOptions, 'strategy' | 'usernames'>,
): BmcCredentialRecord => ({
  nodeUuid,
  state: 'unmanaged',
  strategy,
  slots: { a: emptySlot(usernames.a), b: emptySlot(usernames.b) },
  activeSlot: null,
  given: null,
  knownAccounts: null,
  profile: null,
  model: null,
  limits: {},
  superseded: [],
  tries: [],
  heldUntilMs: null,
  isPaused: false,
  frozen: null,
  nextDueMs: null,
  lastResult: null,
});

/** The credential of the node as it stands, or as it would begin. */
export const credentialOf = async (
  queryable: Queryable,
  nodeUuid: NodeRecord['uuid'],
  options: BmcCredentialOptions,
): Promise<BmcCredentialRecord> =>
  (await findBmcCredential(queryable, nodeUuid)) ?? newCredential(nodeUuid, options);

/** Throws Conflict when the node has an open one. */
export const beginRotation = async (
  queryable: Queryable,
  { options, clock, note }: Pick<RotationParts, 'options' | 'clock' | 'note'>,
  node: Pick<NodeRecord, 'uuid'>,
  fence: number,
  request: RotationRequest,
): Promise<RotationRecord> => {
  const nowMs = clock.wallMs();
  await addBmcCredential(queryable, newCredential(node.uuid, options));
  const before = await credentialOf(queryable, node.uuid, options);
  // How many accounts there are is decided when the first is made.
  const strategy = before.activeSlot === null ? options.strategy : before.strategy;
  const rotation: RotationRecord = {
    id: request.id ?? randomUUID(),
    nodeUuid: node.uuid,
    fence,
    trigger: request.trigger,
    requester: request.requester,
    strategy,
    phase: 'begin',
    slot: null,
    path: null,
    candidate: null,
    work: {
      ...FRESH_PASS,
      askedPath: request.path ?? options.path,
      askedSlot: request.slot ?? null,
      stateBefore: before.state,
      targetBefore: 'empty',
      givenPolicy: request.givenPolicy ?? (options.isGivenDisabled ? 'disable' : 'keep'),
      supplied: request.supplied ?? null,
      pass: 'replace',
      login: null,
      written: 0,
      replaced: null,
      isOldAlive: false,
      isLockoutAwaited: false,
    },
    startedMs: nowMs,
    updatedMs: nowMs,
    endedMs: null,
    outcome: null,
    error: null,
  };
  await insertRotation(queryable, rotation);
  await changeBmcCredential(queryable, node.uuid, () => ({ state: 'rotating', strategy }));
  await appendRotationLog(queryable, {
    rotationId: rotation.id,
    nodeUuid: node.uuid,
    atMs: nowMs,
    fence,
    phase: 'begin',
    detail: { trigger: request.trigger, path: rotation.work.askedPath },
  });
  const detail = { rotation: rotation.id, trigger: request.trigger };
  await note(queryable, node, { name: 'bmc.rotation.started', detail });
  return rotation;
};
