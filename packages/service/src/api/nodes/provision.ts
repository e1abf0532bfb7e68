// PUT /v1/nodes/{node}/states/provision: the verbs. This file checks what can be known from the request and the node
// as it is; the conductor decides again when it makes the change.

import type { FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { stateRow } from '@bessemer/protocol/node/states';
import {
  isProvisionVerb,
  PROVISION_VERBS,
  type ProvisionVerb,
} from '@bessemer/protocol/node/verbs';

import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { readArguments, shown } from '../query.ts';
import { PROVISION_BODY_BYTES_MAX } from '../read-body.ts';
import type { Route } from '../route.ts';
import { askedBy } from './asked-by.ts';
import { identOf, nodeLocked, requireNode } from './find-node.ts';
import { readWish } from './provision-wish.ts';
import { authorizeSteps } from './step-policy.ts';

const ARGUMENTS = [
  'target',
  'configdrive',
  'clean_steps',
  'deploy_steps',
  'service_steps',
  'rescue_password',
  'disable_ramdisk',
  'runbook',
];

export const provisionRoute = (parts: ApiParts): Route => ({
  method: 'PUT',
  path: '/v1/nodes/:ident/states/provision',
  rule: 'baremetal:node:set_provision_state',
  asked: 'with-object',
  bodyBytesMax: PROVISION_BODY_BYTES_MAX,
  handle: async (request, reply) => {
    const given = readArguments(request, ARGUMENTS);
    const { target } = given;
    if (typeof target !== 'string') throw new Refusal(400, 'Missing mandatory parameter: target');
    const node = await requireNode(parts, request);
    const asked = dropNulls(given);
    const verb = requireVerb(request, node, target);
    await authorizeSteps(parts, request, node, asked);
    refuseMaintenance(node, verb);
    refuseWrongState(node, verb);
    const wish = await readWish(parts, { request, node, verb, given: asked });
    await parts.conductor.requestProvision(node.uuid, { ...wish, ...askedBy(request) });
    return reply
      .code(202)
      .header('location', `${request.base}/v1/nodes/${identOf(request)}/states`)
      .send();
  },
});

const dropNulls = (given: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));

/** The versions of these two are judged with their arguments, so that a wrong state is 400 at any version. */
const LATE_VERBS: ReadonlySet<string> = new Set(['service', 'unhold']);

const requireVerb = (request: FastifyRequest, node: NodeRecord, target: string): ProvisionVerb => {
  if (!isProvisionVerb(target)) throw notNow(node, target);
  if (LATE_VERBS.has(target)) return target;
  const since = Number(PROVISION_VERBS[target].since.slice('1.'.length));
  if (request.minor < since) throw notAcceptable();
  return target;
};

const notPossible = (node: NodeRecord, action: string): Refusal =>
  new Refusal(
    400,
    `The requested action "${shown(action)}" can not be performed on node "${node.uuid}" while it is in state "${node.provisionState}".`,
  );

/** A locked node may be in the right state in a moment: 409 invites clients to try again. */
const notNow = (node: NodeRecord, action: string): Refusal =>
  node.reservation === null ? notPossible(node, action) : nodeLocked(node);

const refuseMaintenance = (node: NodeRecord, verb: ProvisionVerb): void => {
  const { event } = PROVISION_VERBS[verb];
  if (!node.maintenance || (event !== 'deploy' && event !== 'rebuild')) return;
  throw new Refusal(
    400,
    `The provisioning operation can't be performed on node ${node.uuid} because it's in maintenance mode.`,
  );
};

const refuseWrongState = (node: NodeRecord, verb: ProvisionVerb): void => {
  const transition = stateRow(node.provisionState).transitions[PROVISION_VERBS[verb].event];
  if (transition?.source === 'api') return;
  throw notNow(node, verb);
};
