// The first schema. Migrations are added, never edited.

import { type CreateTableBuilder, type Kysely, sql } from 'kysely';

import type { EngineName } from '#store/database';

type Column = 'text' | 'text!' | 'int' | 'int!' | 'json' | 'flag';

/** Big integers on PostgreSQL (milliseconds, bytes); SQLite's integer is 64 bit already. */
const add = <T extends string>(
  table: CreateTableBuilder<T>,
  columns: { readonly [name: string]: Column },
): CreateTableBuilder<T, string> => {
  let next: CreateTableBuilder<T, string> = table;
  for (const [name, kind] of Object.entries(columns)) {
    const type = kind.startsWith('text') || kind === 'json' ? 'text' : 'bigint';
    next = next.addColumn(name, type, (column) => {
      if (kind === 'json') return column.notNull().defaultTo('{}');
      if (kind === 'flag') return column.notNull().defaultTo(0);
      return kind.endsWith('!') ? column.notNull() : column;
    });
  }
  return next;
};

const NODE: { readonly [name: string]: Column } = {
  uuid: 'text!',
  name: 'text',
  instance_uuid: 'text',
  instance_name: 'text',
  driver: 'text!',
  interfaces: 'json',
  driver_info: 'json',
  instance_info: 'json',
  properties: 'json',
  extra: 'json',
  driver_internal_info: 'json',
  network_data: 'json',
  driver_info_masked: 'json',
  instance_info_masked: 'json',
  driver_internal_info_masked: 'json',
  provision_state: 'text!',
  target_provision_state: 'text',
  provision_updated_at: 'text',
  power_state: 'text',
  target_power_state: 'text',
  last_error: 'text',
  maintenance: 'flag',
  maintenance_reason: 'text',
  fault: 'text',
  reservation: 'text',
  clean_step: 'json',
  deploy_step: 'json',
  service_step: 'json',
  raid_config: 'json',
  target_raid_config: 'json',
  boot_mode: 'text',
  secure_boot: 'int',
  automated_clean: 'int',
  resource_class: 'text',
  conductor_group: 'text!',
  conductor: 'text',
  chassis_uuid: 'text',
  parent_node: 'text',
  owner: 'text',
  lessee: 'text',
  shard: 'text',
  description: 'text',
  protected: 'flag',
  protected_reason: 'text',
  retired: 'flag',
  retired_reason: 'text',
  console_enabled: 'flag',
  disable_power_off: 'flag',
  health: 'text',
  inspection_started_at: 'text',
  inspection_finished_at: 'text',
  created_at: 'text!',
  updated_at: 'text',
};

const PORT: { readonly [name: string]: Column } = {
  uuid: 'text!',
  node_uuid: 'text!',
  name: 'text',
  address: 'text!',
  pxe_enabled: 'flag',
  local_link_connection: 'json',
  physical_network: 'text',
  portgroup_uuid: 'text',
  is_smartnic: 'flag',
  description: 'text',
  vendor: 'text',
  category: 'text',
  extra: 'json',
  internal_info: 'json',
  created_at: 'text!',
  updated_at: 'text',
};

const WORKFLOW: { readonly [name: string]: Column } = {
  node_uuid: 'text!',
  kind: 'text!',
  plan: 'text!',
  cursor: 'flag',
  state: 'text!',
  context: 'json',
  wait: 'text',
  deadline_ms: 'int',
  wake_ms: 'int',
  woken: 'flag',
  abort_requested: 'flag',
  outcome: 'text',
  failure: 'text',
  started_ms: 'int!',
  ended_ms: 'int',
};

const AGENT_SESSION: { readonly [name: string]: Column } = {
  node_uuid: 'text!',
  boot_no: 'int!',
  route: 'text!',
  cause: 'text!',
  state: 'text!',
  window_opened_ms: 'int!',
  window_closes_ms: 'int!',
  token_hash: 'text',
  token_sealed: 'text',
  key_sealed: 'text',
  certificate: 'text',
  given_at_ms: 'int',
  given_to: 'text',
  masked_lookups: 'flag',
  pin: 'text',
  pin_source: 'text',
  trust_level: 'flag',
  callback_url: 'text',
  address: 'text',
  agent_version: 'text',
  seq_high: 'flag',
  pending_token_hash: 'text',
  pending_token_sealed: 'text',
  last_seen_ms: 'int',
  closed_at_ms: 'int',
  close_reason: 'text',
};

export const up = async (db: Kysely<unknown>, engine: EngineName): Promise<void> => {
  const numbered = <T extends string>(table: CreateTableBuilder<T>, key = 'id') =>
    engine === 'sqlite'
      ? table.addColumn(key, 'integer', (column) => column.primaryKey().autoIncrement())
      : table.addColumn(key, 'bigserial', (column) => column.primaryKey());
  const keyed = <T extends string>(table: CreateTableBuilder<T>, key: string) =>
    table.addColumn(key, 'text', (column) => column.primaryKey().notNull());
  const create = db.schema;

  await add(numbered(create.createTable('node')), NODE).execute();
  for (const column of ['uuid', 'name', 'instance_uuid']) {
    await create.createIndex(`node_${column}`).on('node').column(column).unique().execute();
  }
  await create.createIndex('node_provision_state').on('node').column('provision_state').execute();

  await add(numbered(create.createTable('port')), PORT).execute();
  for (const column of ['uuid', 'address', 'name']) {
    await create.createIndex(`port_${column}`).on('port').column(column).unique().execute();
  }
  await create.createIndex('port_node').on('port').column('node_uuid').execute();

  await add(keyed(create.createTable('conductor'), 'hostname'), {
    conductor_group: 'text!',
    drivers: 'text!',
    online: 'flag',
    heartbeat_ms: 'int!',
    created_at: 'text!',
    updated_at: 'text',
  }).execute();

  await add(keyed(create.createTable('lease'), 'node_uuid'), {
    owner: 'text',
    fence: 'flag',
    until_ms: 'flag',
  }).execute();

  await add(keyed(create.createTable('workflow'), 'id'), WORKFLOW).execute();
  await create
    .createIndex('workflow_open')
    .on('workflow')
    .column('node_uuid')
    .unique()
    .where(sql.ref('ended_ms'), 'is', null)
    .execute();
  await create.createIndex('workflow_node').on('workflow').column('node_uuid').execute();

  await add(numbered(create.createTable('journal'), 'seq'), {
    workflow_id: 'text!',
    node_uuid: 'text!',
    at_ms: 'int!',
    fence: 'int!',
    step_index: 'int!',
    step: 'text!',
    interface: 'text!',
    event: 'text!',
    detail: 'json',
  }).execute();
  await create.createIndex('journal_node').on('journal').columns(['node_uuid', 'seq']).execute();
  await create
    .createIndex('journal_workflow')
    .on('journal')
    .columns(['workflow_id', 'seq'])
    .execute();

  await add(keyed(create.createTable('agent_session'), 'id'), AGENT_SESSION).execute();
  await create
    .createIndex('agent_session_open')
    .on('agent_session')
    .column('node_uuid')
    .unique()
    .where(sql.ref('closed_at_ms'), 'is', null)
    .execute();
  await create.createIndex('agent_session_node').on('agent_session').column('node_uuid').execute();

  await add(keyed(create.createTable('boot_medium'), 'id'), {
    node_uuid: 'text!',
    session_id: 'text!',
    boot_no: 'int!',
    base_path: 'text!',
    overlay_sealed: 'text!',
    etag: 'text!',
    expires_ms: 'int!',
    revoked_ms: 'int',
  }).execute();
  await create.createIndex('boot_medium_node').on('boot_medium').column('node_uuid').execute();

  await add(numbered(create.createTable('history')), {
    uuid: 'text!',
    node_uuid: 'text!',
    conductor: 'text!',
    severity: 'text!',
    event: 'text!',
    event_type: 'text!',
    user: 'text',
    project: 'text',
    state: 'text',
    target_provision_state: 'text',
    duration_ms: 'int',
    created_at: 'text!',
  }).execute();
  await create.createIndex('history_node').on('history').columns(['node_uuid', 'id']).execute();

  await add(keyed(create.createTable('inventory'), 'node_uuid'), {
    inventory: 'text!',
    plugin_data: 'json',
    created_at: 'text!',
  }).execute();

  await add(numbered(create.createTable('erasure')), {
    node_uuid: 'text!',
    workflow_id: 'text!',
    disk_name: 'text!',
    disk_serial: 'text',
    disk_bytes: 'int!',
    method: 'text!',
    detail: 'json',
    summary: 'text!',
    created_at: 'text!',
  }).execute();
  await create.createIndex('erasure_node').on('erasure').columns(['node_uuid', 'id']).execute();

  await add(numbered(create.createTable('chassis')), {
    uuid: 'text!',
    description: 'text',
    extra: 'json',
    created_at: 'text!',
    updated_at: 'text',
  }).execute();
  await create.createIndex('chassis_uuid').on('chassis').column('uuid').unique().execute();

  await add(keyed(create.createTable('setting'), 'key'), { value: 'text!' }).execute();
};
