// Every key of a node on the wire: since which microversion, who may write it, how it is kept and shown. The
// serialiser, the `fields=` and `sort_key=` checks, POST and PATCH are all driven by this one table.

import { FEATURES, type Feature } from '../microversion/features.ts';
import type { NodeRecord } from './record.ts';

export type FieldKind =
  | 'uuid'
  | 'name'
  | 'text'
  | 'flag'
  | 'object'
  | 'time'
  | 'interface'
  | 'strings'
  | 'links';

/** summary: also in the short list; detail: in full objects or when asked for; always: even with `fields=`. */
export type FieldShown = 'summary' | 'detail' | 'always';

export type NodeField = {
  readonly since: Feature;
  readonly kind: FieldKind;
  readonly shown: FieldShown;
  readonly write: 'none' | 'create' | 'patch' | 'create,patch';
  /** Where the record keeps it; absent for computed keys and interfaces. */
  readonly property?: keyof NodeRecord;
  readonly isNullable?: boolean;
  readonly charsMax?: number;
  /** `sort_key=` may name it. */
  readonly isSortable: boolean;
};

type Options = Partial<Pick<NodeField, 'since' | 'shown' | 'write' | 'isNullable' | 'charsMax'>>;

const field = (
  kind: FieldKind,
  property: keyof NodeRecord,
  since: Feature,
  options: Options = {},
): NodeField => ({
  since,
  kind,
  shown: 'detail',
  write: 'none',
  property,
  isNullable: kind !== 'object' && kind !== 'flag',
  isSortable: kind !== 'object',
  ...options,
});

const computed = (kind: FieldKind, since: Feature, shown: FieldShown = 'detail'): NodeField => ({
  since,
  kind,
  shown,
  write: 'none',
  isNullable: true,
  isSortable: false,
});

const interfaceField = (since: Feature): NodeField => ({
  since,
  kind: 'interface',
  shown: 'detail',
  write: 'create,patch',
  isNullable: true,
  isSortable: false,
});

const BOTH = { write: 'create,patch' } as const;
const SHORT = { shown: 'summary' } as const;

export const NODE_FIELDS = {
  uuid: field('uuid', 'uuid', 'base', { ...SHORT, write: 'create', isNullable: false }),
  name: field('name', 'name', 'node-names', { ...SHORT, ...BOTH }),
  instance_uuid: field('uuid', 'instanceUuid', 'base', { ...SHORT, ...BOTH }),
  maintenance: field('flag', 'maintenance', 'base', { ...SHORT, ...BOTH }),
  power_state: field('text', 'powerState', 'base', SHORT),
  provision_state: field('text', 'provisionState', 'base', SHORT),
  created_at: field('time', 'createdAt', 'base'),
  updated_at: field('time', 'updatedAt', 'base'),
  driver: field('text', 'driver', 'base', { ...BOTH, isNullable: false, charsMax: 255 }),
  driver_info: field('object', 'driverInfo', 'base', BOTH),
  instance_info: field('object', 'instanceInfo', 'base', BOTH),
  properties: field('object', 'properties', 'base', BOTH),
  extra: field('object', 'extra', 'base', BOTH),
  driver_internal_info: field('object', 'driverInternalInfo', 'driver-internal-info'),
  chassis_uuid: field('uuid', 'chassisUuid', 'base', BOTH),
  console_enabled: field('flag', 'consoleEnabled', 'base', { write: 'create' }),
  last_error: field('text', 'lastError', 'base'),
  reservation: field('text', 'reservation', 'base'),
  maintenance_reason: field('text', 'maintenanceReason', 'base'),
  provision_updated_at: field('time', 'provisionUpdatedAt', 'base'),
  target_power_state: field('text', 'targetPowerState', 'base'),
  target_provision_state: field('text', 'targetProvisionState', 'base'),
  inspection_started_at: field('time', 'inspectionStartedAt', 'inspect'),
  inspection_finished_at: field('time', 'inspectionFinishedAt', 'inspect'),
  clean_step: field('object', 'cleanStep', 'clean-step'),
  deploy_step: field('object', 'deployStep', 'deploy-step'),
  service_step: field('object', 'serviceStep', 'service'),
  raid_config: field('object', 'raidConfig', 'raid'),
  target_raid_config: field('object', 'targetRaidConfig', 'raid'),
  network_interface: interfaceField('network-interface'),
  boot_interface: interfaceField('dynamic-interfaces'),
  console_interface: interfaceField('dynamic-interfaces'),
  deploy_interface: interfaceField('dynamic-interfaces'),
  inspect_interface: interfaceField('dynamic-interfaces'),
  management_interface: interfaceField('dynamic-interfaces'),
  power_interface: interfaceField('dynamic-interfaces'),
  raid_interface: interfaceField('dynamic-interfaces'),
  vendor_interface: interfaceField('dynamic-interfaces'),
  storage_interface: interfaceField('storage-interface'),
  rescue_interface: interfaceField('rescue'),
  bios_interface: interfaceField('bios'),
  firmware_interface: interfaceField('firmware'),
  resource_class: field('text', 'resourceClass', 'resource-class', { ...BOTH, charsMax: 80 }),
  traits: computed('strings', 'traits'),
  fault: field('text', 'fault', 'fault'),
  conductor_group: field('text', 'conductorGroup', 'conductor-group', {
    ...BOTH,
    charsMax: 255,
    isNullable: false,
  }),
  automated_clean: field('flag', 'automatedClean', 'automated-clean', {
    ...BOTH,
    isNullable: true,
  }),
  protected: field('flag', 'protected', 'protected', { write: 'patch' }),
  protected_reason: field('text', 'protectedReason', 'protected', { write: 'patch' }),
  conductor: field('text', 'conductor', 'conductors'),
  owner: field('text', 'owner', 'owner', { ...BOTH, charsMax: 255 }),
  description: field('text', 'description', 'description', { ...BOTH, charsMax: 4096 }),
  allocation_uuid: computed('uuid', 'allocations'),
  retired: field('flag', 'retired', 'retired', BOTH),
  retired_reason: field('text', 'retiredReason', 'retired', BOTH),
  lessee: field('text', 'lessee', 'lessee', { ...BOTH, charsMax: 255 }),
  network_data: field('object', 'networkData', 'network-data', BOTH),
  boot_mode: field('text', 'bootMode', 'boot-mode', { write: 'create' }),
  secure_boot: field('flag', 'secureBoot', 'boot-mode', { write: 'create', isNullable: true }),
  shard: field('text', 'shard', 'shards', { ...BOTH, charsMax: 255 }),
  parent_node: field('text', 'parentNode', 'parent-node', BOTH),
  disable_power_off: field('flag', 'disablePowerOff', 'disable-power-off', BOTH),
  instance_name: field('text', 'instanceName', 'instance-name', { ...BOTH, charsMax: 255 }),
  health: field('text', 'health', 'health'),
  ports: computed('links', 'base'),
  states: computed('links', 'state-links'),
  portgroups: computed('links', 'portgroup-subresources'),
  volume: computed('links', 'volumes'),
  links: computed('links', 'base', 'always'),
} as const satisfies { readonly [key: string]: NodeField };

export type NodeFieldName = keyof typeof NODE_FIELDS;

export const NODE_FIELD_NAMES = Object.keys(NODE_FIELDS) as readonly NodeFieldName[];

export const isNodeField = (text: string): text is NodeFieldName =>
  Object.hasOwn(NODE_FIELDS, text);

/** The row of one key, with its literal types widened. */
export const nodeField = (name: NodeFieldName): NodeField => NODE_FIELDS[name];

/** First minor version that shows the key. */
export const nodeFieldSince = (name: NodeFieldName): number =>
  FEATURES[nodeField(name).since].since;

/** Link lists vanish when `fields=` is used and cannot be asked for, except `links`, which is always there. */
export const isNodeLinkField = (name: NodeFieldName): boolean => nodeField(name).kind === 'links';
