// Volume connectors and targets: find, list, insert, update, delete.

import type { VolumeConnectorRecord, VolumeTargetRecord } from '@bessemer/protocol/volume/record';

import { recordTable } from './record-table.ts';

/** A pair of `type` and `connector_id` is there once: `Conflict` on `connector_id`. */
export const volumeConnectors = recordTable<VolumeConnectorRecord>('volume_connector', {
  uuid: ['uuid', 'text'],
  nodeUuid: ['node_uuid', 'text'],
  type: ['type', 'text'],
  connectorId: ['connector_id', 'text'],
  extra: ['extra', 'json'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
});

/** Each boot index is there once in a node: `Conflict` on `boot_index`. */
export const volumeTargets = recordTable<VolumeTargetRecord>('volume_target', {
  uuid: ['uuid', 'text'],
  nodeUuid: ['node_uuid', 'text'],
  volumeType: ['volume_type', 'text'],
  volumeId: ['volume_id', 'text'],
  bootIndex: ['boot_index', 'number'],
  properties: ['properties', 'json'],
  extra: ['extra', 'json'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
});
