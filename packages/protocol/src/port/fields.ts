// Every key of a port on the wire: since which microversion, and how it is kept. One table for rendering, `fields=`,
// sorting, POST and PATCH.

import { FEATURES, type Feature } from '../microversion/features.ts';
import type { PortRecord } from './record.ts';

export type PortFieldKind =
  | 'uuid'
  | 'mac'
  | 'name'
  | 'text'
  | 'flag'
  | 'object'
  | 'link'
  | 'time'
  | 'links';

export type PortField = {
  readonly since: Feature;
  readonly kind: PortFieldKind;
  readonly write: 'none' | 'create' | 'create,patch';
  /** Column of the store; absent for what is computed. */
  readonly column?: string;
  readonly property?: keyof PortRecord;
  readonly charsMax?: number;
  readonly isSortable: boolean;
};

const field = (
  kind: PortFieldKind,
  property: keyof PortRecord,
  column: string,
  since: Feature,
  write: PortField['write'],
  charsMax?: number,
): PortField => ({
  kind,
  property,
  column,
  since,
  write,
  isSortable: kind !== 'object' && kind !== 'link',
  ...(charsMax === undefined ? {} : { charsMax }),
});

const BOTH = 'create,patch';

export const PORT_FIELDS = {
  uuid: field('uuid', 'uuid', 'uuid', 'base', 'create'),
  address: field('mac', 'address', 'address', 'base', BOTH),
  node_uuid: field('uuid', 'nodeUuid', 'node_uuid', 'base', BOTH),
  name: field('name', 'name', 'name', 'port-name', BOTH, 255),
  extra: field('object', 'extra', 'extra', 'base', BOTH),
  internal_info: field('object', 'internalInfo', 'internal_info', 'port-internal-info', 'none'),
  local_link_connection: field(
    'link',
    'localLinkConnection',
    'local_link_connection',
    'port-network-fields',
    BOTH,
  ),
  pxe_enabled: field('flag', 'pxeEnabled', 'pxe_enabled', 'port-network-fields', BOTH),
  portgroup_uuid: field('uuid', 'portgroupUuid', 'portgroup_uuid', 'portgroup-subresources', BOTH),
  physical_network: field(
    'text',
    'physicalNetwork',
    'physical_network',
    'physical-network',
    BOTH,
    64,
  ),
  is_smartnic: field('flag', 'isSmartnic', 'is_smartnic', 'smartnic', BOTH),
  description: field('text', 'description', 'description', 'port-description', BOTH, 255),
  vendor: field('text', 'vendor', 'vendor', 'port-vendor', BOTH, 32),
  category: field('text', 'category', 'category', 'port-category', BOTH, 80),
  available_for_dynamic_portgroup: {
    kind: 'flag',
    since: 'dynamic-portgroup',
    write: 'create,patch',
    isSortable: false,
  },
  created_at: field('time', 'createdAt', 'created_at', 'base', 'none'),
  updated_at: field('time', 'updatedAt', 'updated_at', 'base', 'none'),
  links: { kind: 'links', since: 'base', write: 'none', isSortable: false },
} as const satisfies { readonly [key: string]: PortField };

export type PortFieldName = keyof typeof PORT_FIELDS;

export const PORT_FIELD_NAMES = Object.keys(PORT_FIELDS) as readonly PortFieldName[];
export const PORT_SUMMARY: readonly PortFieldName[] = ['uuid', 'address', 'links'];

export const isPortField = (text: string): text is PortFieldName =>
  Object.hasOwn(PORT_FIELDS, text);

export const portField = (name: PortFieldName): PortField => PORT_FIELDS[name];

export const portFieldSince = (name: PortFieldName): number =>
  FEATURES[portField(name).since].since;
