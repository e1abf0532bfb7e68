// PATCH /v1/nodes/{node}: read, apply, check, and write only if the row is still what was read.

import type { FastifyRequest } from 'fastify';

import { isoTime } from '#clock';
import type { Queryable } from '#store/database';
import { findAllocation } from '#store/allocations';
import { type NodeChanges, updateNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import { type NodeFieldName, nodeFieldSince } from '@bessemer/protocol/node/fields';
import { applyPatch, parsePatch, type PatchOperation } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { may } from '../access/authorize.ts';
import { nodeTarget } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { asFlag, readQuery, requireFeature } from '../query.ts';
import type { Route } from '../route.ts';
import { displayName, requireChassis, requireConductor } from './create-node.ts';
import { refuseLocked, requireNode } from './find-node.ts';
import { refuseMovedBmc, refuseReferences } from './kept-bmc.ts';
import { refuseNodeConflict } from './node-conflict.ts';
import { requireNodeName } from './node-input.ts';
import { requireParent } from './parent-node.ts';
import { authorizePatch } from './patch-access.ts';
import { impliedChanges, refuseClosedFields, refuseClosedNode } from './patch-checks.ts';
import {
  changesOf,
  patchDocument,
  type PatchedValues,
  refuseUnpatchable,
} from './patch-document.ts';
import { sendNode } from './show-node.ts';

export const patchNodeRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/nodes/:ident',
  rule: 'baremetal:node:update',
  asked: 'with-object',
  handle: async (request, reply) => {
    const query = readQuery(request, ['reset_interfaces']);
    const isReset = asFlag('reset_interfaces', query['reset_interfaces']);
    if (isReset !== undefined) requireFeature(request, 'reset-interfaces');
    const operations = parsePatch(request.body);
    refuseUnpatchable(operations);
    refuseNewerFields(operations, request.minor);
    if (isReset === true && !operations.some(({ path }) => path[0] === 'driver')) {
      throw new Refusal(
        400,
        'The reset_interfaces parameter can only be used when changing the driver.',
      );
    }
    const node = await requireNode(parts, request, 'baremetal:node:get');
    await authorizePatch(parts, request, node, operations);
    refuseClosedNode(node, operations, request.minor);
    const patched = changesOf(node, applyPatch(patchDocument(node), operations));
    refuseNullName(operations);
    const changes = await checkedChanges(parts, request, node, patched, isReset === true);
    if (Object.keys(changes).length > 0) {
      refuseLocked(node);
      await writeChanges(parts, node, changes);
    }
    return sendNode(parts, request, reply, node.uuid);
  },
});

const refuseNewerFields = (operations: readonly PatchOperation[], minor: number): void => {
  for (const { op, path } of operations) {
    if (op === 'remove') continue;
    if (nodeFieldSince(path[0] as NodeFieldName) > minor) throw notAcceptable();
  }
};

const refuseNullName = (operations: readonly PatchOperation[]): void => {
  const isNull = operations.some(
    ({ op, path, value }) => op !== 'remove' && path[0] === 'name' && value === null,
  );
  if (isNull) throw new Refusal(400, "Schema error for patch: name: None is not of type 'string'");
};

const checkedChanges = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
  patched: PatchedValues,
  isReset: boolean,
): Promise<NodeChanges> => {
  const wanted = patched.changes as unknown as NodeChanges;
  const { owner = node.owner } = wanted;
  await refuseOwnerOfActive(parts, request, node, patched);
  await refuseOwnerOfAllocated(parts, node, patched);
  refuseClosedFields(node, patched);
  if (typeof wanted.name === 'string') requireNodeName(wanted.name, request.minor, 'update');
  if (wanted.chassisUuid === null && !offers(request.minor, 'chassis-unset')) throw notAcceptable();
  await requireChassis(parts, wanted.chassisUuid);
  const isMoved = patched.fields.has('driver') || patched.fields.has('conductor_group');
  if (isMoved) {
    await requireConductor(
      parts,
      wanted.driver ?? node.driver,
      wanted.conductorGroup ?? node.conductorGroup,
    );
  }
  await refuseKeptElsewhere(parts, request, node, wanted);
  return {
    ...wanted,
    ...(wanted.driverInfo === undefined
      ? {}
      : await parts.conductor.keepDriverInfo(node.uuid, wanted.driverInfo, node)),
    ...(await requireParent(parts, request, wanted.parentNode, owner, node.uuid)),
    ...impliedChanges(node, patched.changes),
    ...(node.instanceName === null && wanted.instanceName === undefined
      ? displayName(wanted.instanceInfo)
      : {}),
    ...interfaceChanges(parts, node, patched, isReset),
  };
};

/** Passwords that the service keeps go to the BMC that they are of. */
const refuseKeptElsewhere = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
  { driverInfo: given }: NodeChanges,
): Promise<void> => {
  if (given === undefined) return;
  refuseReferences(given, await parts.conductor.openDriverInfo(node));
  await refuseMovedBmc(parts, request, node, { given, before: node.driverInfo });
};

/** Whoever is using a node keeps it, unless the policy says that this caller may take it away. */
const refuseOwnerOfActive = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
  { fields }: PatchedValues,
): Promise<void> => {
  if (!fields.has('owner') || node.provisionState !== 'active') return;
  const rule = 'baremetal:node:update_owner_provisioned';
  if (await may(parts, request, rule, nodeTarget(node))) return;
  throw new Refusal(
    409,
    `Cannot update owner of node "${node.uuid}" while it is in state "active".`,
  );
};

/** An allocation that belongs to a project was given a node of that project. */
const refuseOwnerOfAllocated = async (
  { store }: ApiParts,
  node: NodeRecord,
  { fields }: PatchedValues,
): Promise<void> => {
  if (!fields.has('owner') || node.allocationUuid === null) return;
  const allocation = await findAllocation(store.db, node.allocationUuid);
  if (allocation === undefined || allocation.owner === null) return;
  throw new Refusal(
    409,
    `Cannot update owner of node "${node.uuid}" while it is allocated by ${allocation.uuid}, which has an owner.`,
  );
};

/** Kept interfaces must fit a new driver; with a reset they take its defaults. */
const interfaceChanges = (
  parts: ApiParts,
  node: NodeRecord,
  patched: PatchedValues,
  isReset: boolean,
): NodeChanges => {
  const { changes, interfaces } = patched;
  const { driver } = changes as unknown as NodeChanges;
  // The driver may be named again only to get its defaults back.
  if (!isReset && driver === undefined && Object.keys(interfaces).length === 0) return {};
  const kept: { [kind: string]: string } = isReset ? {} : { ...node.interfaces };
  for (const [kind, name] of Object.entries(interfaces)) {
    if (name === null) delete kept[kind];
    else kept[kind] = name;
  }
  return { interfaces: parts.drivers.chooseInterfaces(driver ?? node.driver, kept) };
};

const writeChanges = async (
  parts: ApiParts,
  node: NodeRecord,
  changes: NodeChanges,
): Promise<void> => {
  const changed = Object.keys(changes) as (keyof NodeChanges)[];
  const unchanged = Object.fromEntries(changed.map((property) => [property, node[property]]));
  const update = (queryable: Queryable): Promise<boolean> =>
    updateNode(
      queryable,
      node.uuid,
      { ...changes, updatedAt: isoTime(parts.clock.wallMs()) },
      {
        where: {
          ...unchanged,
          provisionState: node.provisionState,
          targetProvisionState: node.targetProvisionState,
          instanceUuid: node.instanceUuid,
          maintenance: node.maintenance,
          reservation: node.reservation,
        },
      },
    );
  // With its instance a node loses its allocation, which is another row.
  const written =
    changes.instanceUuid === null ? parts.store.transaction(update) : update(parts.store.db);
  const isWritten = await written.catch((error: unknown) =>
    refuseNodeConflict(error, { ...changes, uuid: node.uuid }),
  );
  if (!isWritten) {
    throw new Refusal(
      409,
      `Node ${node.uuid} was changed by another request meanwhile, please retry.`,
    );
  }
};
