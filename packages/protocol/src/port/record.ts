// A port: one network card of a node.

import type { JsonObject } from '../json.ts';
import type { NodeUuid, PortgroupUuid, PortUuid } from '../uuid.ts';

export type PortRecord = {
  readonly id: number;
  readonly uuid: PortUuid;
  readonly nodeUuid: NodeUuid;
  readonly name: string | null;
  /** MAC, lower case, colons. */
  readonly address: string;
  readonly pxeEnabled: boolean;
  readonly localLinkConnection: JsonObject;
  readonly physicalNetwork: string | null;
  readonly portgroupUuid: PortgroupUuid | null;
  readonly isSmartnic: boolean;
  readonly description: string | null;
  readonly vendor: string | null;
  readonly category: string | null;
  readonly availableForDynamicPortgroup: boolean;
  readonly extra: JsonObject;
  readonly internalInfo: JsonObject;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};
