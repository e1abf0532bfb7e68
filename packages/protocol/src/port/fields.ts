// Every key of a port on the wire.

import { keptField, linkField, type ResourceTable } from '../resource/fields.ts';
import type { PortRecord } from './record.ts';

const SHOWN_ONLY = { write: 'none' } as const;

export const PORT_FIELDS = {
  uuid: keptField('uuid', 'uuid', 'uuid', { write: 'create' }),
  address: keptField('mac', 'address', 'address', { isRequired: true }),
  node_uuid: keptField('uuid', 'nodeUuid', 'node_uuid', { isRequired: true }),
  name: keptField('name', 'name', 'name', { since: 'port-name' }),
  extra: keptField('object', 'extra', 'extra'),
  internal_info: keptField('object', 'internalInfo', 'internal_info', {
    since: 'port-internal-info',
    ...SHOWN_ONLY,
  }),
  local_link_connection: keptField('special', 'localLinkConnection', 'local_link_connection', {
    since: 'port-network-fields',
  }),
  pxe_enabled: keptField('flag', 'pxeEnabled', 'pxe_enabled', {
    since: 'port-network-fields',
    absent: true,
  }),
  portgroup_uuid: keptField('uuid', 'portgroupUuid', 'portgroup_uuid', {
    since: 'portgroup-subresources',
  }),
  physical_network: keptField('text', 'physicalNetwork', 'physical_network', {
    since: 'physical-network',
    charsMin: 1,
    charsMax: 64,
  }),
  is_smartnic: keptField('flag', 'isSmartnic', 'is_smartnic', { since: 'smartnic', absent: false }),
  description: keptField('text', 'description', 'description', {
    since: 'port-description',
    charsMax: 255,
  }),
  vendor: keptField('text', 'vendor', 'vendor', { since: 'port-vendor', charsMax: 32 }),
  category: keptField('text', 'category', 'category', { since: 'port-category', charsMax: 80 }),
  available_for_dynamic_portgroup: keptField(
    'flag',
    'availableForDynamicPortgroup',
    'available_for_dynamic_portgroup',
    { since: 'dynamic-portgroup', absent: true },
  ),
  created_at: keptField('time', 'createdAt', 'created_at', SHOWN_ONLY),
  updated_at: keptField('time', 'updatedAt', 'updated_at', SHOWN_ONLY),
  links: linkField('links', 'base'),
} as const;

export type PortFieldName = keyof typeof PORT_FIELDS;

export const PORT: ResourceTable<PortFieldName, keyof PortRecord> = {
  noun: 'port',
  collection: 'ports',
  fields: PORT_FIELDS,
  summary: ['uuid', 'address', 'links'],
};
