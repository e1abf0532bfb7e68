// Every key of a volume connector on the wire.

import { keptField, linkField, type ResourceTable } from '../resource/fields.ts';
import type { VolumeConnectorRecord } from './record.ts';

const FIRST = { since: 'volumes' } as const;
const SHOWN_ONLY = { since: 'volumes', write: 'none' } as const;

/** What a storage network knows a machine by. */
export const CONNECTOR_TYPES = ['iqn', 'ip', 'mac', 'wwnn', 'wwpn', 'port', 'portgroup'] as const;

export const VOLUME_CONNECTOR_FIELDS = {
  uuid: keptField('uuid', 'uuid', 'uuid', { ...FIRST, write: 'create' }),
  node_uuid: keptField('uuid', 'nodeUuid', 'node_uuid', { ...FIRST, isRequired: true }),
  type: keptField('text', 'type', 'type', { ...FIRST, isRequired: true, oneOf: CONNECTOR_TYPES }),
  connector_id: keptField('text', 'connectorId', 'connector_id', {
    ...FIRST,
    isRequired: true,
    charsMin: 1,
    charsMax: 255,
  }),
  extra: keptField('object', 'extra', 'extra', FIRST),
  created_at: keptField('time', 'createdAt', 'created_at', SHOWN_ONLY),
  updated_at: keptField('time', 'updatedAt', 'updated_at', SHOWN_ONLY),
  links: linkField('links', 'volumes'),
} as const;

export type VolumeConnectorFieldName = keyof typeof VOLUME_CONNECTOR_FIELDS;

export const VOLUME_CONNECTOR: ResourceTable<
  VolumeConnectorFieldName,
  keyof VolumeConnectorRecord
> = {
  noun: 'volume connector',
  collection: 'volume/connectors',
  listKey: 'connectors',
  fields: VOLUME_CONNECTOR_FIELDS,
  summary: ['uuid', 'node_uuid', 'type', 'connector_id', 'links'],
};
