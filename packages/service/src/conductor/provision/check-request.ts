// Refusals that need no look at the machine: in the order, and with the texts, of the API's contract.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { checkImageSource } from '#media/image-source';

import type { ProvisionRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { imageRules } from '../deploy/image-rules.ts';

/** Verbs whose workflows the present drivers do not have. */
const UNSUPPORTED = new Map([
  ['rescue', 'rescue'],
  ['unrescue', 'rescue'],
  ['service', 'service'],
]);

const MAINTENANCE_VERBS = new Set([
  'active',
  'deploy',
  'rebuild',
  'provide',
  'clean',
  'rescue',
  'unrescue',
  'service',
]);
const PROTECTED_VERBS = new Set(['deleted', 'undeploy', 'rebuild']);
/** Their workflows start from a machine that is known to be off. */
const OFF_VERBS = new Set([
  'active',
  'deploy',
  'rebuild',
  'deleted',
  'undeploy',
  'provide',
  'clean',
  'inspect',
]);
const DEPLOY_VERBS = new Set(['active', 'deploy', 'rebuild']);
/** Kinds that must be fine before a deployment begins. */
const NEEDED_FOR_DEPLOY = ['boot', 'deploy', 'power', 'management'];

export const checkRequest = (
  parts: ConductorParts,
  node: NodeRecord,
  request: ProvisionRequest,
): void => {
  const { verb } = request;
  const unsupported = UNSUPPORTED.get(verb);
  if (unsupported !== undefined) {
    throw new Refusal(
      400,
      `Driver ${node.driver} does not support ${unsupported} (disabled or not implemented).`,
    );
  }
  if (node.protected && PROTECTED_VERBS.has(verb)) {
    throw new Refusal(
      403,
      `Node ${node.uuid} is protected and can not be undeployed, rebuilt or deleted.`,
    );
  }
  if (node.maintenance && MAINTENANCE_VERBS.has(verb)) {
    throw new Refusal(
      400,
      `The provisioning operation can't be performed on node ${node.uuid} because it's in maintenance mode.`,
    );
  }
  if (node.retired && verb === 'provide') {
    throw new Refusal(400, `Node ${node.uuid} is retired and can not be made available.`);
  }
  if (request.isRamdiskDisabled === true) {
    throw new Refusal(400, 'disable_ramdisk is not supported: every step runs in the ramdisk.');
  }
  const isOffNeeded = OFF_VERBS.has(verb) && parts.drivers.driverOf(node).deploy.kind === 'agent';
  if (node.disablePowerOff && isOffNeeded) {
    throw new Refusal(
      400,
      `Node ${node.uuid} has disable_power_off set, and "${verb}" has to power it off. Unset it first.`,
    );
  }
  if (DEPLOY_VERBS.has(verb)) checkDeployment(parts, node);
};

const checkDeployment = (parts: ConductorParts, node: NodeRecord): void => {
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
