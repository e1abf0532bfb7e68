// GET validate: what the driver makes of the node's data, and whether its image could be deployed.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { NodeDriver } from '#drivers/driver';
import { checkImageSource } from '#media/image-source';

import type { ConductorParts } from './conductor-parts.ts';
import { imageRules } from './deploy/image-rules.ts';

export const validateNode = (
  parts: ConductorParts,
  node: NodeRecord,
  driver: NodeDriver,
): ReturnType<NodeDriver['validateAll']> => {
  const results = driver.validateAll(node);
  if (driver.deploy.kind !== 'agent' || results['deploy']?.result === false) return results;
  try {
    checkImageSource(node.instanceInfo, imageRules(parts.options));
    return results;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...results, deploy: { result: false, reason: error.message } };
  }
};
