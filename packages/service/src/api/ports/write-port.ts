// POST, PATCH and DELETE of ports.

import { randomUUID } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { isoTime } from '#clock';
import { findNode } from '#store/nodes';
import { findPortView } from '#store/port-views';
import {
  deletePort,
  findPort,
  insertPort,
  type NewPort,
  type PortChanges,
  updatePort,
} from '#store/ports';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { applyPatch, parsePatch } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import {
  isPortField,
  PORT_FIELD_NAMES,
  portField,
  type PortFieldName,
  portFieldSince,
} from '@bessemer/protocol/port/fields';
import type { PortRecord } from '@bessemer/protocol/port/record';
import { asPortUuid, type NodeUuid, type PortUuid } from '@bessemer/protocol/uuid';

import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { refuseLocked } from '../nodes/find-node.ts';
import { asText, requireObjectBody, shown } from '../query.ts';
import type { Route } from '../route.ts';
import { findPortByIdent, portMissing, refusePortConflict } from './find-port.ts';
import { portValue, requireSmartNic } from './port-input.ts';
import { portFieldsAt, portText } from './render-port.ts';

export const writePortRoutes = (parts: ApiParts): readonly Route[] => [
  createRoute(parts),
  patchRoute(parts),
  deleteRoute(parts),
];

const sendPort = async (
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  uuid: PortUuid,
): Promise<FastifyReply> => {
  const view = await findPortView(parts.store.db, 'uuid', uuid);
  if (view === undefined) throw portMissing(uuid);
  const text = portText(view, portFieldsAt(request.minor), request);
  return reply.header('content-type', 'application/json').send(text);
};

const createRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/ports',
  rule: 'baremetal:port:create',
  handle: async (request, reply) => {
    const body = requireObjectBody(request);
    const values = readValues(request, body);
    const node = await requireOwner(parts, request, body);
    const port = {
      ...(values as unknown as Partial<PortRecord>),
      uuid: (values['uuid'] ?? asPortUuid(randomUUID())) as PortUuid,
      nodeUuid: node.uuid,
      address: values['address'] as string,
    } satisfies NewPort;
    requireSmartNic(port.isSmartnic ?? false, port.localLinkConnection ?? {});
    await parts.store
      .transaction((trx) => insertPort(trx, port, { nowMs: parts.clock.wallMs() }))
      .catch((error: unknown) => refusePortConflict(error, port));
    reply.code(201).header('location', `${request.base}/v1/ports/${port.uuid}`);
    return sendPort(parts, request, reply, port.uuid);
  },
});

const readValues = (
  request: FastifyRequest,
  body: JsonObject,
): { [property: string]: JsonValue } => {
  const values: { [property: string]: JsonValue } = {};
  for (const [name, value] of Object.entries(body)) {
    if (name === 'node_ident') continue;
    if (!isPortField(name) || portField(name).write === 'none') throw unexpected(name);
    if (portFieldSince(name) > request.minor && value !== null) throw notAcceptable();
    const { property } = portField(name);
    if (value === null && name !== 'address') continue;
    const checked = portValue(name, value, request.minor);
    if (name === 'portgroup_uuid')
      throw new Refusal(400, `Portgroup ${shown(value)} could not be found.`);
    if (property !== undefined) values[property] = checked;
  }
  if (values['address'] === undefined) {
    throw new Refusal(400, "Schema error for port: 'address' is a required property");
  }
  return values;
};

const unexpected = (name: string): Refusal =>
  new Refusal(
    400,
    `Schema error for port: Additional properties are not allowed ('${shown(name)}' was unexpected)`,
  );

/** Exactly one of `node_uuid` and, from 1.94 on, `node_ident`. */
const requireOwner = async (
  parts: ApiParts,
  request: FastifyRequest,
  body: JsonObject,
): Promise<NodeRecord> => {
  const { node_uuid: uuid, node_ident: ident } = body;
  if (ident !== undefined && !offers(request.minor, 'port-node-ident')) throw notAcceptable();
  if ((uuid === undefined) === (ident === undefined)) {
    throw new Refusal(
      400,
      "Schema error for port: exactly one of 'node_uuid' and 'node_ident' is needed",
    );
  }
  const wanted = asText('node_uuid', uuid ?? ident) ?? '';
  const node = await findNode(parts.store.db, wanted);
  if (node === undefined) throw new Refusal(400, `Node ${shown(wanted)} could not be found.`);
  return node;
};

const PATCHABLE = PORT_FIELD_NAMES.filter((name) => portField(name).write.includes('patch'));

const patchRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/ports/:ident',
  rule: 'baremetal:port:update',
  handle: async (request, reply) => {
    const operations = parsePatch(request.body);
    for (const { op, path } of operations) {
      const root = path[0] ?? '';
      if (!(PATCHABLE as readonly string[]).includes(root)) {
        const all = [...PATCHABLE].sort().map((name) => `/${name}`);
        throw new Refusal(
          400,
          `Cannot patch /${root}. Only the following can be updated: ${all.join(', ')}`,
        );
      }
      const isNewer = portFieldSince(root as PortFieldName) > request.minor;
      if (op !== 'remove' && isNewer) throw notAcceptable();
    }
    const port = await findPortByIdent(request, (_by, value) => findPort(parts.store.db, value));
    const patched = applyPatch(documentOf(port), operations);
    const changes = changesOf(port, patched, request.minor);
    if (Object.keys(changes).length > 0) await write(parts, port, changes);
    return sendPort(parts, request, reply, port.uuid);
  },
});

const documentOf = (port: PortRecord): JsonObject => {
  const document: JsonObject = {};
  for (const name of PATCHABLE) {
    const { property } = portField(name);
    if (property !== undefined) document[name] = port[property] as JsonValue;
  }
  return document;
};

const REQUIRED: ReadonlySet<string> = new Set(['address', 'node_uuid']);

const changesOf = (port: PortRecord, patched: JsonObject, minor: number): PortChanges => {
  const changes: { [property: string]: JsonValue } = {};
  for (const name of PATCHABLE) {
    const { property, kind } = portField(name);
    if (property === undefined) continue;
    const isRemoved = !Object.hasOwn(patched, name);
    if (isRemoved && REQUIRED.has(name)) {
      throw new Refusal(400, `Schema error for patch: '${name}' is a required property`);
    }
    // Removed: back to the default, which is true for pxe_enabled alone.
    const wanted = isRemoved && kind === 'flag' ? name === 'pxe_enabled' : (patched[name] ?? null);
    if (JSON.stringify(wanted) === JSON.stringify(port[property])) continue;
    const checked = portValue(name, wanted, minor);
    if (name === 'portgroup_uuid' && checked !== null) {
      throw new Refusal(400, `Portgroup ${shown(checked)} could not be found.`);
    }
    if (JSON.stringify(checked) !== JSON.stringify(port[property])) changes[property] = checked;
  }
  return changes;
};

const OPEN_STATES: ReadonlySet<string> = new Set([
  'enroll',
  'inspecting',
  'inspect wait',
  'manageable',
]);
const WIRING: readonly (keyof PortChanges)[] = [
  'pxeEnabled',
  'portgroupUuid',
  'localLinkConnection',
  'physicalNetwork',
];

const write = async (parts: ApiParts, port: PortRecord, changes: PortChanges): Promise<void> => {
  const node = await findNode(parts.store.db, port.nodeUuid);
  if (node !== undefined) refuseClosed(node, port, changes);
  if (changes.nodeUuid !== undefined) await requireNewOwner(parts, changes.nodeUuid);
  requireSmartNic(
    changes.isSmartnic ?? port.isSmartnic,
    changes.localLinkConnection ?? port.localLinkConnection,
  );
  const isWritten = await updatePort(
    parts.store.db,
    port.uuid,
    { ...changes, updatedAt: isoTime(parts.clock.wallMs()) },
    { unchangedSince: port.updatedAt },
  ).catch((error: unknown) => refusePortConflict(error, { ...port, ...changes }));
  if (!isWritten) {
    throw new Refusal(
      409,
      `Port ${port.uuid} was changed by another request meanwhile, please retry.`,
    );
  }
};

const requireNewOwner = async (parts: ApiParts, uuid: NodeUuid): Promise<void> => {
  if ((await findNode(parts.store.db, uuid)) !== undefined) return;
  throw new Refusal(400, `Node ${uuid} could not be found.`);
};

const refuseClosed = (node: NodeRecord, port: PortRecord, changes: PortChanges): void => {
  refuseLocked(node);
  if (node.provisionState === 'inspecting') throw closed(port, node);
  if (node.maintenance) return;
  const isInUse = node.provisionState === 'active' || node.instanceUuid !== null;
  if (changes.address !== undefined && isInUse) throw closed(port, node);
  const isRewired = WIRING.some((property) => changes[property] !== undefined);
  if (isRewired && !OPEN_STATES.has(node.provisionState)) throw closed(port, node);
};

const closed = (port: PortRecord, node: NodeRecord): Refusal =>
  new Refusal(
    409,
    `Cannot update port "${port.uuid}" while node "${node.uuid}" is in state "${node.provisionState}".`,
  );

const deleteRoute = (parts: ApiParts): Route => ({
  method: 'DELETE',
  path: '/v1/ports/:ident',
  rule: 'baremetal:port:delete',
  handle: async (request, reply) => {
    const { ident } = request.params as { readonly ident: string };
    const uuid = asPortUuid(ident);
    if (uuid === undefined) throw new Refusal(400, `Expected UUID for port: ${shown(ident)}`);
    const port = await findPort(parts.store.db, uuid);
    if (port === undefined) throw portMissing(ident);
    const node = await findNode(parts.store.db, port.nodeUuid);
    if (node !== undefined) refuseLocked(node);
    await deletePort(parts.store.db, uuid);
    return reply.code(204).send();
  },
});
