// The password of a BMC that a person has seen is changed as soon as nothing holds it any more.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Caller } from '../../conductor.ts';
import { requestRotation, type RotationRequester } from '../rotation/request-rotation.ts';

/** Where it cannot begin now (other work has the node, the store is away) the schedule does it: it is due. */
export const rotateShown = async (
  requester: RotationRequester,
  nodeUuid: NodeUuid,
  caller?: Caller,
): Promise<void> => {
  try {
    await requestRotation(requester, nodeUuid, { trigger: 'suspicion', isForced: true, caller });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    requester.parts.log.info(
      { node: nodeUuid, reason: error.message },
      'the rotation of a password that was shown has to wait',
    );
  }
};
