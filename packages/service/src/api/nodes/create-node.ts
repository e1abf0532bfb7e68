// POST /v1/nodes.

import { randomUUID } from 'node:crypto';

import type { FastifyRequest } from 'fastify';

import { findChassis } from '#store/chassis';
import { listConductors } from '#store/conductors';
import { insertNode, type NewNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import {
  isNodeField,
  nodeField,
  type NodeFieldName,
  nodeFieldSince,
} from '@bessemer/protocol/node/fields';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { asNodeUuid } from '@bessemer/protocol/uuid';

import { accessDenied, authorize, may } from '../access/authorize.ts';
import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { requireObjectBody } from '../query.ts';
import type { Route } from '../route.ts';
import { refuseMovedBmc, refuseReferences } from './kept-bmc.ts';
import { refuseNodeConflict } from './node-conflict.ts';
import { nodeValue, requireNodeName } from './node-input.ts';
import { requireParent } from './parent-node.ts';
import { sendNode } from './show-node.ts';

export const createNodeRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/nodes',
  rule: 'baremetal:node:create',
  asked: 'with-object',
  handle: async (request, reply) => {
    const values = readValues(request, requireObjectBody(request));
    const node = await newNode(parts, request, values);
    await parts.store
      .transaction((trx) => insertNode(trx, node, { nowMs: parts.clock.wallMs() }))
      .catch((error: unknown) => refuseNodeConflict(error, node));
    reply.code(201).header('location', `${request.base}/v1/nodes/${node.uuid}`);
    return sendNode(parts, request, reply, node.uuid);
  },
});

/**
 * Who may create nodes for anybody, or else for their own project, which then owns them. Throws Refusal(403), and
 * Refusal(400) for another owner than that.
 */
const requireCreator = async (
  parts: ApiParts,
  request: FastifyRequest,
  owner: string | null,
): Promise<{ readonly owner: string | null }> => {
  request.isRuleAsked = true;
  if (await may(parts, request, 'baremetal:node:create')) return { owner };
  const { project_id: project } = request.credentials;
  if (project === null || !parts.options.canProjectsManageOwnNodes) {
    throw accessDenied('baremetal:node:create');
  }
  await authorize(parts, request, 'baremetal:node:create:self_owned_node', {
    'node.owner': project,
    'node.lessee': null,
  });
  if (owner !== null && owner !== project) {
    throw new Refusal(
      400,
      'Cannot create a node as a project scoped admin with an owner other than your own project.',
    );
  }
  return { owner: project };
};

type Values = { [name in NodeFieldName]?: JsonValue };

/** The keys of the body, each checked by the field table. */
const readValues = (request: FastifyRequest, body: JsonObject): Values => {
  const values: Values = {};
  for (const [name, value] of Object.entries(body)) {
    if (!isNodeField(name) || !nodeField(name).write.includes('create')) {
      throw new Refusal(
        400,
        `Schema error for node: Additional properties are not allowed ('${name.slice(0, 100)}' was unexpected)`,
      );
    }
    if (nodeFieldSince(name) > request.minor && value !== null) throw notAcceptable();
    // Null means: as if it had not been said.
    if (value !== null || nodeField(name).isNullable !== true) {
      values[name] = nodeValue(name, value);
    }
  }
  if (values.driver === undefined) {
    throw new Refusal(400, "Schema error for node: 'driver' is a required property");
  }
  return values;
};

const newNode = async (
  parts: ApiParts,
  request: FastifyRequest,
  values: Values,
): Promise<NewNode> => {
  const { minor } = request;
  const given: { [property: string]: JsonValue } = {};
  const interfaces: { [kind: string]: string } = {};
  for (const [name, value] of Object.entries(values)) {
    const { kind, property } = nodeField(name as NodeFieldName);
    if (kind === 'interface') interfaces[name.slice(0, -'_interface'.length)] = value as string;
    else if (property !== undefined) given[property] = value;
  }
  const node = given as unknown as Partial<NodeRecord> & { driver: string };
  if (typeof node.name === 'string') requireNodeName(node.name, minor, 'create');
  const owned = await requireCreator(parts, request, node.owner ?? null);
  const conductorGroup = node.conductorGroup ?? '';
  await requireConductor(parts, node.driver, conductorGroup);
  await requireChassis(parts, node.chassisUuid);
  if (node.retiredReason !== undefined && node.retired !== true) {
    throw new Refusal(400, 'Retired_reason cannot be set while the node is not retired');
  }
  const uuid = asNodeUuid(node.uuid ?? randomUUID()) as NodeRecord['uuid'];
  const info = node.driverInfo ?? {};
  refuseReferences(info, {});
  const subject = { uuid, owner: owned.owner, lessee: null };
  await refuseMovedBmc(parts, request, subject, { given: info, before: {} });
  return {
    ...node,
    ...(await parts.conductor.keepDriverInfo(uuid, info)),
    ...owned,
    ...(await requireParent(parts, request, node.parentNode, owned.owner)),
    ...(node.instanceName === undefined ? displayName(node.instanceInfo) : {}),
    uuid,
    resourceClass: node.resourceClass ?? parts.options.defaultResourceClass,
    interfaces: parts.drivers.chooseInterfaces(node.driver, interfaces),
    conductorGroup,
    conductor: parts.conductor.hostname,
    provisionState: offers(minor, 'enroll-first') ? 'enroll' : 'available',
  };
};

export const requireConductor = async (
  parts: ApiParts,
  driver: string,
  group: string,
): Promise<void> => {
  if (group === '' && parts.drivers.hardwareTypes.some((type) => type.name === driver)) return;
  const conductors = await listConductors(parts.store.db);
  const isServed = conductors.some(
    (each) => each.conductorGroup === group && each.isOnline && each.drivers.includes(driver),
  );
  if (isServed) return;
  throw new Refusal(
    400,
    `No valid host was found. Reason: No conductor service registered which supports driver ${driver} ` +
      `for conductor group "${group}". Ensure the driver is valid and enabled.`,
  );
};

export const requireChassis = async (
  parts: ApiParts,
  uuid: string | null | undefined,
): Promise<void> => {
  if (uuid === null || uuid === undefined) return;
  if ((await findChassis(parts.store.db, uuid)) !== undefined) return;
  throw new Refusal(400, `Chassis ${uuid} could not be found.`);
};

/** `display_name` in instance_info names the instance when nothing else does. */
export const displayName = (
  instanceInfo: JsonObject | undefined,
): { readonly instanceName?: string } => {
  const name = instanceInfo?.['display_name'];
  return typeof name === 'string' && name !== '' ? { instanceName: name.slice(0, 255) } : {};
};
