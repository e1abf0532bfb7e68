// Refusals that need no look at the machine: in the order, and with the texts, of the API's contract.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { PROVISION_VERBS, type ProvisionVerb } from '@bessemer/protocol/node/verbs';

import { checkImageSource } from '#media/image-source';

import type { ProvisionRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { imageRules } from '../deploy/image-rules.ts';

/** Verbs that a node in maintenance is not told, by what the refusal calls them. */
const MAINTENANCE_VERBS: { readonly [verb in ProvisionVerb]?: string } = {
  active: 'provisioning',
  deploy: 'provisioning',
  rebuild: 'provisioning',
  provide: 'providing',
  clean: 'cleaning',
  rescue: 'rescuing',
  unrescue: 'unrescuing',
  service: 'servicing',
};
const PROTECTED_VERBS: ReadonlySet<ProvisionVerb> = new Set(['deleted', 'undeploy', 'rebuild']);
/** Their workflows start from a machine that is known to be off. */
const OFF_VERBS: ReadonlySet<ProvisionVerb> = new Set([
  'active',
  'deploy',
  'rebuild',
  'deleted',
  'undeploy',
  'provide',
  'clean',
  'inspect',
  'service',
]);
const DEPLOY_EVENTS: ReadonlySet<string> = new Set(['deploy', 'rebuild']);
/** Kinds that must be fine before a deployment begins. */
const NEEDED_FOR_DEPLOY = ['boot', 'deploy', 'power', 'management'];

export const checkRequest = (
  parts: ConductorParts,
  node: NodeRecord,
  request: ProvisionRequest,
): void => {
  const { verb } = request;
  checkProtection(node, request);
  checkMaintenance(node, verb);
  if (node.retired && verb === 'provide') {
    throw new Refusal(
      400,
      `The providing operation can't be performed on node ${node.uuid} because it is retired.`,
    );
  }
  const isOffNeeded =
    OFF_VERBS.has(verb) &&
    request.isRamdiskDisabled !== true &&
    parts.drivers.driverOf(node).deploy.kind === 'agent';
  if (node.disablePowerOff && isOffNeeded) {
    throw new Refusal(
      400,
      `Node ${node.uuid} has disable_power_off set, and "${verb}" has to power it off. Unset it first.`,
    );
  }
  if (verb === 'rescue' || verb === 'unrescue') checkRescue(parts, node);
  if (DEPLOY_EVENTS.has(PROVISION_VERBS[verb].event)) checkDeployment(parts, node);
};

/** Before anything else: what is protected stays so, however busy the conductor is. */
export const checkProtection = (
  node: NodeRecord,
  { verb }: Pick<ProvisionRequest, 'verb'>,
): void => {
  if (!node.protected || !PROTECTED_VERBS.has(verb)) return;
  throw new Refusal(
    403,
    `Node ${node.uuid} is protected and can not be undeployed, rebuilt or deleted.`,
  );
};

const checkMaintenance = (node: NodeRecord, verb: ProvisionVerb): void => {
  if (!node.maintenance) return;
  const operation = MAINTENANCE_VERBS[verb];
  if (operation !== undefined) {
    throw new Refusal(
      400,
      `The ${operation} operation can't be performed on node ${node.uuid} because it's in maintenance mode.`,
    );
  }
  if (verb === 'abort' && node.provisionState === 'service failed') {
    throw new Refusal(
      409,
      `Node ${node.uuid} is in maintenance mode: unset that before the failed service is given up.`,
    );
  }
};

const checkRescue = (parts: ConductorParts, node: NodeRecord): void => {
  const driver = parts.drivers.driverOf(node);
  if (driver.rescue === undefined) {
    throw new Refusal(
      400,
      `Driver ${node.driver} does not support rescue (disabled or not implemented).`,
    );
  }
  driver.power.validate(node);
  driver.rescue.validate(node);
};

/** An instance may only ask for traits that its machine has: they name what was promised to it. */
const checkInstanceTraits = ({ uuid, traits: known, instanceInfo }: NodeRecord): void => {
  const { traits } = instanceInfo;
  if (traits === undefined || traits === null) return;
  const isList = Array.isArray(traits) && traits.every((each) => typeof each === 'string');
  if (!isList) {
    throw new Refusal(
      400,
      `Error parsing traits from node ${uuid} instance_info field. Traits must be a list of strings.`,
    );
  }
  const foreign = traits.filter((each) => !known.includes(each));
  if (foreign.length === 0) return;
  throw new Refusal(
    400,
    `Cannot specify instance traits that are not also set on the node. Node ${uuid} has no ${foreign.join(', ')}.`,
  );
};

const checkDeployment = (parts: ConductorParts, node: NodeRecord): void => {
  checkInstanceTraits(node);
  const driver = parts.drivers.driverOf(node);
  const results = driver.validateAll(node);
  for (const kind of NEEDED_FOR_DEPLOY) {
    const verdict = results[kind];
    if (verdict?.result === false) {
      throw new Refusal(
        400,
        `Failed to validate ${kind} info for node ${node.uuid}. Error: ${verdict.reason ?? 'unknown'}`,
      );
    }
  }
  if (driver.deploy.kind === 'agent')
    checkImageSource(node.instanceInfo, imageRules(parts.options));
};
