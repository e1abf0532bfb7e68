// POST, PATCH and DELETE of volume connectors and targets.

import { randomUUID } from 'node:crypto';

import type { Queryable } from '#store/database';
import { holdNode } from '#store/held-node';
import { findNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { parsePatch } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { requireNodeForNew } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { requireObjectBody } from '../query.ts';
import { ownedMissing, patchOwned, withNodeHeld } from '../resource/owned-resource.ts';
import { changedMeanwhile } from '../resource/record-conflict.ts';
import { readNew, refuseUnpatchable } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { refuseVolumeTaken, type VolumeKind, type VolumeRecord } from './volume-kind.ts';
import { ownedVolume, requireVolume, sendVolume } from './volume-resource.ts';

const nodeMissing = (uuid: string): Refusal =>
  new Refusal(400, `Invalid input for field/attribute node_uuid. Value: '${uuid}'. `);

/** A machine that runs may be writing to the volume: it is described anew only while it is off. */
const refusePowered = (node: NodeRecord, action: string): void => {
  if (node.powerState === 'power off') return;
  throw new Refusal(
    400,
    `The requested action "${action}" can not be performed on node "${node.uuid}" while it is in ` +
      `state "${node.powerState ?? 'None'}".`,
  );
};

export const createVolumeRoute = <Name extends string, R extends VolumeRecord>(
  parts: ApiParts,
  kind: VolumeKind<Name, R>,
): Route => ({
  method: 'POST',
  path: `/v1/${kind.table.collection}`,
  rule: 'baremetal:volume:create',
  asked: 'with-object',
  since: 'volumes',
  handle: async (request, reply) => {
    const reading = { ...kind, minor: request.minor };
    const values = readNew(reading, requireObjectBody(request));
    const node = await requireNodeForNew(parts, request, values['nodeUuid'] as string, nodeMissing);
    const uuid = values['uuid'] ?? randomUUID();
    const wanted = { ...kind.empty, ...values, uuid, nodeUuid: node.uuid } as unknown as R;
    const made = await parts.store
      .transaction(async (transaction) => {
        if ((await holdNode(transaction, node.uuid)) === undefined) throw nodeMissing(node.uuid);
        return kind.store.insert(transaction, wanted, { nowMs: parts.clock.wallMs() });
      })
      .catch((error: unknown) => refuseVolumeTaken(kind, error, wanted));
    const place = `${request.base}/v1/${kind.table.collection}/${made.uuid}`;
    reply.code(201).header('location', place);
    return sendVolume(parts, request, reply, kind, made);
  },
});

export const patchVolumeRoute = <Name extends string, R extends VolumeRecord>(
  parts: ApiParts,
  kind: VolumeKind<Name, R>,
): Route => ({
  method: 'PATCH',
  path: `/v1/${kind.table.collection}/:ident`,
  rule: 'baremetal:volume:update',
  asked: 'with-object',
  since: 'volumes',
  handle: async (request, reply) => {
    const operations = parsePatch(request.body);
    refuseUnpatchable(kind.table, operations, request.minor);
    const seen = await requireVolume(parts, request, kind);
    const action = `${kind.table.noun} update`;
    const refuse = async (
      queryable: Queryable,
      node: NodeRecord,
      { changes }: { readonly changes: Partial<R> },
    ): Promise<void> => {
      refusePowered(node, action);
      if (changes.nodeUuid === undefined) return;
      const target = await findNode(queryable, changes.nodeUuid);
      if (target !== undefined) refusePowered(target, action);
    };
    const resource = ownedVolume(kind);
    const patched = await patchOwned(parts, request, resource, seen, operations, refuse);
    return sendVolume(parts, request, reply, kind, patched);
  },
});

export const deleteVolumeRoute = <Name extends string, R extends VolumeRecord>(
  parts: ApiParts,
  kind: VolumeKind<Name, R>,
): Route => ({
  method: 'DELETE',
  path: `/v1/${kind.table.collection}/:ident`,
  rule: 'baremetal:volume:delete',
  asked: 'with-object',
  since: 'volumes',
  handle: async (request, reply) => {
    const { record, node: seen } = await requireVolume(parts, request, kind);
    const { noun } = kind.table;
    const missing = (): Refusal => ownedMissing(kind.table, record.uuid);
    await withNodeHeld(parts, seen.uuid, missing, async (transaction, node) => {
      const current = await kind.store.find(transaction, record.uuid);
      if (current === undefined) throw missing();
      // The policy was asked about the node that it belonged to.
      if (current.nodeUuid !== node.uuid) throw changedMeanwhile(noun, record.uuid);
      refusePowered(node, `${noun} deletion`);
      await kind.store.remove(transaction, record.uuid);
    });
    return reply.code(204).send();
  },
});
