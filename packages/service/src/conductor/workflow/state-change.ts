// A provision event as changes of the node's row.

import type { NodeRecord } from '@bessemer/protocol/node/record';
import {
  afterEvent,
  type ProvisionEvent,
  type ProvisionState,
} from '@bessemer/protocol/node/states';

import { isoTime } from '#clock';
import type { NodeChanges } from '#store/nodes';

/** Undefined when the state of the node knows no such event. */
export const stateChange = (
  node: Pick<NodeRecord, 'provisionState' | 'targetProvisionState'>,
  event: ProvisionEvent,
  nowMs: number,
  targetOverride?: ProvisionState,
): NodeChanges | undefined => {
  const change = afterEvent(node.provisionState, event, node.targetProvisionState, targetOverride);
  if (change === undefined) return undefined;
  return {
    provisionState: change.state,
    targetProvisionState: change.target,
    provisionUpdatedAt: isoTime(nowMs),
  };
};
