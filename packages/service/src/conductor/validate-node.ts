// GET validate: what the driver makes of the node's data, and whether its image could be deployed.

import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import { addedKernelArguments } from '@bessemer/protocol/node/kernel-arguments';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { NodeDriver } from '#drivers/driver';
import { checkImageSource } from '#media/image-source';

import type { ConductorParts } from './conductor-parts.ts';
import { requireBothOrNeither } from './boot-ramdisk/ramdisk-iso.ts';
import { imageRules } from './deploy/image-rules.ts';

/** Why the node cannot be booted over the network, or undefined. */
const networkObstacle = (parts: ConductorParts, node: NodeRecord): string | undefined => {
  if (parts.bootHost === undefined) {
    return 'Network boot is not set up: neither [netboot] http_listen nor boot_host is set.';
  }
  try {
    requireBothOrNeither(node);
    addedKernelArguments(node, parts.options.kernelAppendParams);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal || error instanceof Failure) return error.message;
    throw error;
  }
};

const withBoot = (
  parts: ConductorParts,
  node: NodeRecord,
  driver: NodeDriver,
): ReturnType<NodeDriver['validateAll']> => {
  const results = driver.validateAll(node);
  if (driver.boot.route !== 'network' || results['boot']?.result === false) return results;
  const reason = networkObstacle(parts, node);
  return reason === undefined ? results : { ...results, boot: { result: false, reason } };
};

export const validateNode = (
  parts: ConductorParts,
  node: NodeRecord,
  driver: NodeDriver,
): ReturnType<NodeDriver['validateAll']> => {
  const results = withBoot(parts, node, driver);
  if (driver.deploy.kind !== 'agent' || results['deploy']?.result === false) return results;
  try {
    checkImageSource(node.instanceInfo, imageRules(parts.options));
    return results;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...results, deploy: { result: false, reason: error.message } };
  }
};
