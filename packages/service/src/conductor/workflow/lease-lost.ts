// Said by a store that changed zero rows: somebody else owns the node now. The holder stops and touches nothing more.

import type { NodeUuid } from '@bessemer/protocol/uuid';

export class LeaseLost extends Error {
  readonly nodeUuid: NodeUuid;

  constructor(nodeUuid: NodeUuid) {
    super(`the lease of node ${nodeUuid} passed to somebody else`);
    this.name = 'LeaseLost';
    this.nodeUuid = nodeUuid;
  }
}
