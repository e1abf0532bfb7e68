// What a machine has to do with storage outside of it: a connector is the machine as the storage network knows it, a
// target is a volume there.

import type { JsonObject } from '../json.ts';
import type { NodeUuid } from '../uuid.ts';

type VolumeRecord = {
  readonly id: number;
  readonly uuid: string;
  readonly nodeUuid: NodeUuid;
  readonly extra: JsonObject;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

export type VolumeConnectorRecord = VolumeRecord & {
  /** One of `CONNECTOR_TYPES`; together with `connectorId` there is only one. */
  readonly type: string;
  readonly connectorId: string;
};

export type VolumeTargetRecord = VolumeRecord & {
  readonly volumeType: string;
  readonly volumeId: string;
  /** Its place among the volumes of the node; each place is taken once. */
  readonly bootIndex: number;
  readonly properties: JsonObject;
};
