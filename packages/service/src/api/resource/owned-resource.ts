// What ports, port groups and whatever else belongs to a node have in common: found and judged by their node, and
// changed while that node is held, so that what a rule looked at is still so when the change is written.

import type { FastifyRequest } from 'fastify';
import type { Transaction } from 'kysely';

import { isoTime } from '#clock';
import type { Queryable } from '#store/database';
import { holdNode, holdNodes } from '#store/held-node';
import type { Schema } from '#store/schema';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { PatchOperation } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ResourceTable } from '@bessemer/protocol/resource/fields';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { requireNodeForMove, requireOwningNode } from '../access/owning-node.ts';
import type { ApiParts } from '../api-parts.ts';
import { identOf, refuseLocked } from '../nodes/find-node.ts';
import { findResource } from './find-resource.ts';
import { changedMeanwhile, refuseTaken } from './record-conflict.ts';
import { type ReadSpecial, readPatched } from './resource-input.ts';
import type { ShowSpecial } from './resource-text.ts';

export type Owned = {
  readonly uuid: string;
  readonly nodeUuid: NodeUuid;
  readonly updatedAt: string | null;
};

export type OwnedResource<Name extends string, R extends Owned> = {
  readonly table: ResourceTable<Name>;
  readonly readSpecial?: ReadSpecial;
  readonly showSpecial?: ShowSpecial;
  /** By UUID, and by name if it has names. */
  readonly find: (queryable: Queryable, ident: string) => Promise<R | undefined>;
  /** False when it is not any more what `record` was read as. */
  readonly update: (queryable: Queryable, record: R, changes: Partial<R>) => Promise<boolean>;
};

const titleOf = ({ noun }: ResourceTable): string => noun.charAt(0).toUpperCase() + noun.slice(1);

export const ownedMissing = (table: ResourceTable, ident: string): Refusal =>
  new Refusal(404, `${titleOf(table)} ${ident} could not be found.`);

/** The object of `:ident` and its node. Refuses by the rule of the route. */
export const requireOwned = async <Name extends string, R extends Owned>(
  parts: ApiParts,
  request: FastifyRequest,
  resource: OwnedResource<Name, R>,
  hasNames: boolean,
): Promise<{ readonly record: R; readonly node: NodeRecord }> => {
  const { table } = resource;
  const missing = (ident: string): Refusal => ownedMissing(table, ident);
  const naming = { noun: table.noun, hasNames, missing };
  const find = (ident: string): Promise<R | undefined> => resource.find(parts.store.db, ident);
  const record = await findResource(request, naming, find);
  const node = await requireOwningNode(parts, request, record.nodeUuid, () =>
    // As it was asked for: a name that somebody may not see must not tell them whose it is.
    missing(identOf(request)),
  );
  return { record, node };
};

/** Runs `work` while nobody else changes the node or what belongs to it. Throws Refusal(409) for a locked node. */
export const withNodeHeld = async <T>(
  parts: ApiParts,
  nodeUuid: string,
  missing: () => Error,
  work: (transaction: Transaction<Schema>, node: NodeRecord) => Promise<T>,
): Promise<T> =>
  parts.store.transaction(async (transaction) => {
    const node = await holdNode(transaction, nodeUuid);
    if (node === undefined) throw missing();
    refuseLocked(node);
    return work(transaction, node);
  });

/** Throws Refusal(400) or (409) for a change that the node, or what else it has, does not allow. */
export type RefuseChange<R> = (
  queryable: Queryable,
  node: NodeRecord,
  change: { readonly before: R; readonly changes: Partial<R>; readonly after: R },
) => Promise<void>;

/**
 * Applies a patch to the object as it is while its node is held: of two clients that patch at once, neither loses what
 * it wrote. The policy is asked before, about the object as it was seen; where that is not so any more, it is a 409.
 */
export const patchOwned = async <Name extends string, R extends Owned>(
  parts: ApiParts,
  request: FastifyRequest,
  resource: OwnedResource<Name, R>,
  seen: { readonly record: R; readonly node: NodeRecord },
  operations: readonly PatchOperation[],
  refuse: RefuseChange<R>,
): Promise<R> => {
  const { table } = resource;
  const reading = { ...resource, minor: request.minor };
  const read = (record: R): Partial<R> => readPatched(reading, record, operations) as Partial<R>;
  const { nodeUuid: target } = read(seen.record);
  if (target !== undefined) await requireNodeForMove(parts, request, seen.node, target);

  let written: Partial<R> = {};
  const apply = async (transaction: Transaction<Schema>): Promise<R> => {
    const { uuid, nodeUuid } = seen.record;
    const held = await holdNodes(transaction, [nodeUuid, target ?? nodeUuid]);
    const [node, to] = [held.get(nodeUuid), held.get(target ?? nodeUuid)];
    const before = await resource.find(transaction, uuid);
    if (node === undefined || before === undefined) throw ownedMissing(table, uuid);
    refuseLocked(node);
    const changes = read(before);
    if (Object.keys(changes).length === 0) return before;
    const isAsSeen =
      before.nodeUuid === nodeUuid && changes.nodeUuid === target && to?.owner === node.owner;
    if (!isAsSeen) throw changedMeanwhile(table.noun, uuid);
    refuseLocked(to);
    written = { ...changes, updatedAt: isoTime(parts.clock.wallMs()) };
    const after = { ...before, ...written };
    await refuse(transaction, node, { before, changes, after });
    if (!(await resource.update(transaction, before, written))) {
      throw changedMeanwhile(table.noun, uuid);
    }
    return after;
  };
  return parts.store
    .transaction(apply)
    .catch((error: unknown) => refuseTaken(error, table.noun, { ...seen.record, ...written }));
};
