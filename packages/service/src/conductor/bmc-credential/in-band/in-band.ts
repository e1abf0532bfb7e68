// Accounts of a BMC from inside of its machine: through the session of the agent, which asks the BMC over the system
// interface, and the BMC asks it for no password. What is set so is proved from outside, like everything else.
//
// Failures: those of the doors of drivers (see #drivers/bmc-accounts), and the agent's own. After 'agent.unreachable' and
// 'agent.protocol' a change may have been made or not. Nothing is sent to an agent that is trusted too little.

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { BmcAccount, BmcAccountWish } from '#drivers/bmc-accounts';

import type { Job } from '../../workflow/step.ts';

export type InBandDoor = {
  /** Why no account can be set from inside now, as a sentence; undefined: it can. Sends nothing secret. */
  readonly findObstacle: (node: NodeRecord) => Promise<string | undefined>;
  /**
   * Idempotent. Answers with the number of the user of IPMI, as other ids here are, or, where the BMC has none and the node is spoken
   * to by Redfish, with the path of the account there.
   */
  readonly set: (node: NodeRecord, wish: BmcAccountWish) => Promise<string>;
  readonly list: (node: NodeRecord) => Promise<readonly BmcAccount[]>;
  /** Idempotent. */
  readonly disable: (node: NodeRecord, id: string) => Promise<void>;
};

export type OpenInBandDoor = (job: Pick<Job, 'node' | 'parts' | 'fence'>) => InBandDoor;
