// PUT /v1/nodes/{node}/states/provision: the verbs. This file checks what can be known from the request and the node
// as it is; the conductor decides again when it makes the change.

import type { FastifyRequest } from 'fastify';

import type { ProvisionRequest } from '#conductor/conductor';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { stateRow } from '@bessemer/protocol/node/states';
import {
  isProvisionVerb,
  PROVISION_VERBS,
  type ProvisionVerb,
} from '@bessemer/protocol/node/verbs';

import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { asFlag, asText, readArguments, requireFeature, shown } from '../query.ts';
import { PROVISION_BODY_BYTES_MAX } from '../read-body.ts';
import type { Route } from '../route.ts';
import { readConfigDrive } from './config-drive-input.ts';
import { identOf, nodeLocked, requireNode } from './find-node.ts';
import { readSteps } from './steps-input.ts';

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
    const verb = requireVerb(request, node, target);
    refuseMaintenance(node, verb);
    refuseWrongState(node, verb);
    const wish = readWish(parts, request, node, verb, dropNulls(given));
    await parts.conductor.requestProvision(node.uuid, wish);
    return reply
      .code(202)
      .header('location', `${request.base}/v1/nodes/${identOf(request)}/states`)
      .send();
  },
});

const dropNulls = (given: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));

/** For these two the state is judged first, so that a wrong state is 400 at any version. */
const STATE_FIRST: ReadonlySet<string> = new Set(['service', 'unhold']);

const requireVerb = (request: FastifyRequest, node: NodeRecord, target: string): ProvisionVerb => {
  if (!isProvisionVerb(target)) throw notPossible(node, target);
  if (STATE_FIRST.has(target)) refuseWrongState(node, target);
  const since = Number(PROVISION_VERBS[target].since.slice('1.'.length));
  if (request.minor < since) throw notAcceptable();
  return target;
};

const notPossible = (node: NodeRecord, action: string): Refusal =>
  new Refusal(
    400,
    `The requested action "${shown(action)}" can not be performed on node "${node.uuid}" while it is in state "${node.provisionState}".`,
  );

const refuseMaintenance = (node: NodeRecord, verb: ProvisionVerb): void => {
  const { event } = PROVISION_VERBS[verb];
  if (!node.maintenance || (event !== 'deploy' && event !== 'rebuild')) return;
  throw new Refusal(
    400,
    `The provisioning operation can't be performed on node ${node.uuid} because it's in maintenance mode.`,
  );
};

/** A locked node may be in the right state in a moment: 409 invites clients to try again. */
const refuseWrongState = (node: NodeRecord, verb: ProvisionVerb): void => {
  const transition = stateRow(node.provisionState).transitions[PROVISION_VERBS[verb].event];
  if (transition?.source === 'api') return;
  throw node.reservation === null ? notPossible(node, verb) : nodeLocked(node);
};

const readWish = (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
  verb: ProvisionVerb,
  given: JsonObject,
): ProvisionRequest => {
  const { minor } = request;
  const configDrive = given['configdrive'];
  if (configDrive !== undefined) requireConfigDriveVerb(verb, minor);
  if (given['runbook'] !== undefined) refuseRunbook(request, verb);
  const isRamdiskDisabled = asFlag('disable_ramdisk', given['disable_ramdisk']);
  if (isRamdiskDisabled !== undefined) requireRamdiskVerb(request, verb);
  requireOnly(given, 'clean_steps', verb, ['clean']);
  if (given['deploy_steps'] !== undefined) requireFeature(request, 'deploy-steps');
  requireOnly(given, 'deploy_steps', verb, ['active', 'deploy', 'rebuild']);
  requireOnly(given, 'rescue_password', verb, ['rescue']);
  requireAbortVersion(node, verb, minor);
  requireOnly(given, 'service_steps', verb, ['service']);
  const steps = stepsOf(parts, verb, given);
  return {
    verb,
    ...(configDrive === undefined ? {} : { configDrive: readConfigDrive(configDrive, minor) }),
    ...(steps === undefined ? {} : { steps }),
    ...(isRamdiskDisabled === undefined ? {} : { isRamdiskDisabled }),
  };
};

const requireConfigDriveVerb = (verb: ProvisionVerb, minor: number): void => {
  const isRight = verb === 'active' || (verb === 'rebuild' && offers(minor, 'rebuild-configdrive'));
  if (isRight) return;
  throw new Refusal(
    400,
    `Adding a config drive is only supported when setting provision state to active or rebuild, not ${verb}`,
  );
};

const refuseRunbook = (request: FastifyRequest, verb: ProvisionVerb): never => {
  requireFeature(request, 'runbooks');
  if (verb !== 'clean' && verb !== 'service') {
    throw new Refusal(
      400,
      '"runbook" is only valid when setting target provision state to clean or service',
    );
  }
  throw new Refusal(400, 'Runbook could not be found.');
};

const requireRamdiskVerb = (request: FastifyRequest, verb: ProvisionVerb): void => {
  if (verb === 'clean') requireFeature(request, 'clean-disable-ramdisk');
  else if (verb === 'service') requireFeature(request, 'service-disable-ramdisk');
  else throw new Refusal(400, '"disable_ramdisk" is only valid with clean and service');
};

const requireOnly = (
  given: JsonObject,
  name: string,
  verb: ProvisionVerb,
  verbs: readonly ProvisionVerb[],
): void => {
  if (given[name] === undefined || verbs.includes(verb)) return;
  throw new Refusal(
    400,
    `"${name}" is only valid when setting target provision state to ${verbs.join(' or ')}`,
  );
};

const requireAbortVersion = (node: NodeRecord, verb: ProvisionVerb, minor: number): void => {
  if (verb !== 'abort') return;
  const state = node.provisionState;
  const isTooOld =
    (state === 'inspect wait' && !offers(minor, 'abort-inspect-wait')) ||
    (state === 'wait call-back' && !offers(minor, 'abort-deploy-wait'));
  if (isTooOld) throw notAcceptable();
};

const stepsOf = (
  parts: ApiParts,
  verb: ProvisionVerb,
  given: JsonObject,
): ProvisionRequest['steps'] => {
  const { disallowedSteps } = parts.options;
  const kind = KIND_OF[verb];
  if (kind === undefined) {
    if (
      verb === 'rescue' &&
      (asText('rescue_password', given['rescue_password']) ?? '').trim() === ''
    ) {
      throw new Refusal(
        400,
        'A non-empty "rescue_password" is required when setting target provision state to rescue',
      );
    }
    return undefined;
  }
  const value = given[kind];
  if (value !== undefined) return readSteps(kind, value, disallowedSteps);
  if (kind === 'deploy_steps') return undefined;
  throw new Refusal(400, `"${kind}" is required when setting target provision state to ${verb}`);
};

const KIND_OF: {
  readonly [verb in ProvisionVerb]?: 'clean_steps' | 'service_steps' | 'deploy_steps';
} = {
  clean: 'clean_steps',
  service: 'service_steps',
  active: 'deploy_steps',
  deploy: 'deploy_steps',
  rebuild: 'deploy_steps',
};
