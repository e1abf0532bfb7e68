// A port group: network cards of one node that work as one.

import type { JsonObject } from '../json.ts';
import type { NodeUuid, PortgroupUuid } from '../uuid.ts';

export type PortgroupRecord = {
  readonly id: number;
  readonly uuid: PortgroupUuid;
  readonly nodeUuid: NodeUuid;
  readonly name: string | null;
  /** MAC, lower case, colons. */
  readonly address: string | null;
  readonly mode: string;
  readonly properties: JsonObject;
  readonly extra: JsonObject;
  readonly internalInfo: JsonObject;
  /** Whether a member may also work alone, which it does while it boots over the network. */
  readonly standalonePortsSupported: boolean;
  readonly physicalNetwork: string | null;
  readonly category: string | null;
  readonly dynamicPortgroup: boolean;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};
