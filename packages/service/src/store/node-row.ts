// How a node's record and its row stand to each other. Nothing outside `store/` sees a row.

import type { Selectable } from 'kysely';

import type { JsonObject } from '@bessemer/protocol/json';
import { maskDriverInfo, maskInstanceInfo, maskSecrets } from '@bessemer/protocol/node/mask';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { NodeTable } from './schema.ts';

type Column = Exclude<keyof NodeTable, 'id'>;
type Kind = 'text' | 'flag' | 'json';

/** Property of the record to its column, and how the value is kept. */
export const NODE_COLUMNS = {
  uuid: ['uuid', 'text'],
  name: ['name', 'text'],
  instanceUuid: ['instance_uuid', 'text'],
  instanceName: ['instance_name', 'text'],
  driver: ['driver', 'text'],
  interfaces: ['interfaces', 'json'],
  driverInfo: ['driver_info', 'json'],
  driverSecrets: ['driver_secrets_sealed', 'text'],
  instanceInfo: ['instance_info', 'json'],
  properties: ['properties', 'json'],
  extra: ['extra', 'json'],
  driverInternalInfo: ['driver_internal_info', 'json'],
  networkData: ['network_data', 'json'],
  provisionState: ['provision_state', 'text'],
  targetProvisionState: ['target_provision_state', 'text'],
  provisionUpdatedAt: ['provision_updated_at', 'text'],
  powerState: ['power_state', 'text'],
  targetPowerState: ['target_power_state', 'text'],
  lastError: ['last_error', 'text'],
  maintenance: ['maintenance', 'flag'],
  maintenanceReason: ['maintenance_reason', 'text'],
  fault: ['fault', 'text'],
  reservation: ['reservation', 'text'],
  cleanStep: ['clean_step', 'json'],
  deployStep: ['deploy_step', 'json'],
  serviceStep: ['service_step', 'json'],
  raidConfig: ['raid_config', 'json'],
  targetRaidConfig: ['target_raid_config', 'json'],
  bootMode: ['boot_mode', 'text'],
  secureBoot: ['secure_boot', 'flag'],
  automatedClean: ['automated_clean', 'flag'],
  resourceClass: ['resource_class', 'text'],
  conductorGroup: ['conductor_group', 'text'],
  conductor: ['conductor', 'text'],
  chassisUuid: ['chassis_uuid', 'text'],
  parentNode: ['parent_node', 'text'],
  owner: ['owner', 'text'],
  lessee: ['lessee', 'text'],
  shard: ['shard', 'text'],
  description: ['description', 'text'],
  protected: ['protected', 'flag'],
  protectedReason: ['protected_reason', 'text'],
  retired: ['retired', 'flag'],
  retiredReason: ['retired_reason', 'text'],
  consoleEnabled: ['console_enabled', 'flag'],
  disablePowerOff: ['disable_power_off', 'flag'],
  health: ['health', 'text'],
  inspectionStartedAt: ['inspection_started_at', 'text'],
  inspectionFinishedAt: ['inspection_finished_at', 'text'],
  traits: ['traits', 'json'],
  allocationUuid: ['allocation_uuid', 'text'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
} as const satisfies {
  readonly [property in Exclude<keyof NodeRecord, 'id'>]: readonly [Column, Kind];
};

export type NodeProperty = keyof typeof NODE_COLUMNS;

const PROPERTIES = Object.entries(NODE_COLUMNS) as readonly (readonly [
  NodeProperty,
  readonly [Column, Kind],
])[];

export const nodeOfRow = (row: Selectable<NodeTable>): NodeRecord => {
  const record: { [property: string]: unknown } = { id: row.id };
  for (const [property, [column, kind]] of PROPERTIES) {
    const value = row[column];
    if (kind === 'json') record[property] = JSON.parse(value as string);
    else if (kind === 'flag') record[property] = value === null ? null : value === 1;
    else record[property] = value;
  }
  return record as unknown as NodeRecord & { uuid: NodeUuid };
};

/**
 * Columns for the given properties; the masked twins of the secret maps always come along. The secrets of driver_info
 * are sealed: one that is still in the map is a defect of whoever brings it, and stops here.
 */
export const columnsOfNode = (
  changes: Partial<NodeRecord>,
): { [column: string]: string | number | null } => {
  const columns: { [column: string]: string | number | null } = {};
  for (const [property, value] of Object.entries(changes)) {
    if (value === undefined || property === 'id') continue;
    const [column, kind] = NODE_COLUMNS[property as NodeProperty];
    columns[column] = columnValue(kind, value);
  }
  const { driverInfo, instanceInfo, driverInternalInfo } = changes;
  if (driverInfo !== undefined && text(maskDriverInfo(driverInfo)) !== columns['driver_info']) {
    throw new Error('driver_info was to be stored with a secret in clear');
  }
  if (instanceInfo !== undefined) {
    columns['instance_info_masked'] = text(maskInstanceInfo(instanceInfo));
  }
  if (driverInternalInfo !== undefined) {
    columns['driver_internal_info_masked'] = text(maskSecrets(driverInternalInfo));
  }
  return columns;
};

export const columnValue = (kind: Kind, value: unknown): string | number | null => {
  if (value === null) return null;
  if (kind === 'json') return text(value as JsonObject);
  return kind === 'flag' ? Number(value) : (value as string);
};

const text = (value: JsonObject | readonly string[]): string => JSON.stringify(value);
