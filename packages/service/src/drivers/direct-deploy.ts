// deploy_interface `direct`: the agent writes the image. What the image may be is checked where the deploy
// workflow is made; here only that the node names one.

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { DeployInterface } from './driver.ts';

export const directDeploy: DeployInterface = {
  kind: 'agent',
  validate: (node) => {
    const source = node.instanceInfo['image_source'];
    if (typeof source === 'string' && source !== '') return;
    throw new Refusal(
      400,
      `Cannot validate image information for node ${node.uuid} because one or more parameters are missing ` +
        'from its instance_info. Missing are: instance_info.image_source',
    );
  },
};
