// Every key of a port group on the wire.

import { keptField, linkField, type ResourceTable } from '../resource/fields.ts';
import type { PortgroupRecord } from './record.ts';

const FIRST = { since: 'portgroups' } as const;
const SHOWN_ONLY = { since: 'portgroups', write: 'none' } as const;

/** How the cards of a group work together while nobody has said it. */
export const DEFAULT_PORTGROUP_MODE = 'active-backup';

export const PORTGROUP_FIELDS = {
  uuid: keptField('uuid', 'uuid', 'uuid', { since: 'portgroups', write: 'create' }),
  name: keptField('name', 'name', 'name', FIRST),
  address: keptField('mac', 'address', 'address', FIRST),
  node_uuid: keptField('uuid', 'nodeUuid', 'node_uuid', { ...FIRST, isRequired: true }),
  mode: keptField('text', 'mode', 'mode', {
    since: 'portgroup-mode',
    absent: DEFAULT_PORTGROUP_MODE,
    charsMax: 255,
  }),
  properties: keptField('object', 'properties', 'properties', { since: 'portgroup-mode' }),
  extra: keptField('object', 'extra', 'extra', FIRST),
  internal_info: keptField('object', 'internalInfo', 'internal_info', SHOWN_ONLY),
  standalone_ports_supported: keptField(
    'flag',
    'standalonePortsSupported',
    'standalone_ports_supported',
    { ...FIRST, absent: true },
  ),
  physical_network: keptField('text', 'physicalNetwork', 'physical_network', {
    since: 'portgroup-physical-network',
    charsMin: 1,
    charsMax: 64,
  }),
  category: keptField('text', 'category', 'category', {
    since: 'portgroup-category',
    charsMax: 80,
  }),
  dynamic_portgroup: keptField('flag', 'dynamicPortgroup', 'dynamic_portgroup', {
    since: 'dynamic-portgroup',
    write: 'none',
    absent: false,
  }),
  ports: linkField('list', 'portgroups'),
  created_at: keptField('time', 'createdAt', 'created_at', SHOWN_ONLY),
  updated_at: keptField('time', 'updatedAt', 'updated_at', SHOWN_ONLY),
  links: linkField('links', 'portgroups'),
} as const;

export type PortgroupFieldName = keyof typeof PORTGROUP_FIELDS;

export const PORTGROUP: ResourceTable<PortgroupFieldName, keyof PortgroupRecord> = {
  noun: 'portgroup',
  collection: 'portgroups',
  fields: PORTGROUP_FIELDS,
  summary: ['uuid', 'address', 'name', 'links'],
};
