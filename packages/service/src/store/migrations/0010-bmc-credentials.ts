// What the service knows of the accounts that it keeps at BMCs, and of the work on them. Never a password: places in
// the secret store only.

import { type Kysely, sql } from 'kysely';

import type { EngineName } from '../database.ts';
import { numberedTable } from './numbered-table.ts';

export const up = async (db: Kysely<unknown>, engine: EngineName): Promise<void> => {
  const { schema } = db;
  // No reference to the node in any of them: its BMC keeps the passwords when the node is deleted, and what no row
  // names is destroyed some time later.
  await schema
    .createTable('bmc_credential')
    .addColumn('node_uuid', 'text', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('strategy', 'text', (column) => column.notNull())
    .addColumn('slot_a', 'text', (column) => column.notNull())
    .addColumn('slot_b', 'text', (column) => column.notNull())
    .addColumn('active_slot', 'text')
    .addColumn('given', 'text')
    .addColumn('known_accounts', 'text')
    .addColumn('profile', 'text')
    .addColumn('model', 'text')
    .addColumn('limits', 'text', (column) => column.notNull())
    .addColumn('superseded', 'text', (column) => column.notNull())
    .addColumn('tries', 'text', (column) => column.notNull())
    .addColumn('held_until_ms', 'bigint')
    .addColumn('paused', 'bigint', (column) => column.notNull())
    .addColumn('frozen', 'text')
    .addColumn('next_due_ms', 'bigint')
    .addColumn('last_result', 'text')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .execute();
  await schema
    .createIndex('bmc_credential_due')
    .on('bmc_credential')
    .column('next_due_ms')
    .execute();

  await schema.createIndex('bmc_credential_model').on('bmc_credential').column('model').execute();

  await schema
    .createTable('bmc_rotation')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('node_uuid', 'text', (column) => column.notNull())
    .addColumn('fence', 'bigint', (column) => column.notNull())
    .addColumn('trigger', 'text', (column) => column.notNull())
    .addColumn('requester', 'text', (column) => column.notNull())
    .addColumn('strategy', 'text', (column) => column.notNull())
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('slot', 'text')
    .addColumn('path', 'text')
    .addColumn('candidate', 'text')
    .addColumn('work', 'text', (column) => column.notNull())
    .addColumn('started_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_ms', 'bigint', (column) => column.notNull())
    .addColumn('ended_ms', 'bigint')
    .addColumn('outcome', 'text')
    .addColumn('error', 'text')
    .execute();
  await sql`create unique index bmc_rotation_open on bmc_rotation (node_uuid) where ended_ms is null`.execute(
    db,
  );
  await schema
    .createIndex('bmc_rotation_node')
    .on('bmc_rotation')
    .columns(['node_uuid', 'started_ms'])
    .execute();

  await numberedTable(db, engine, 'bmc_rotation_log')
    .addColumn('rotation_id', 'text', (column) => column.notNull())
    .addColumn('node_uuid', 'text', (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('fence', 'bigint', (column) => column.notNull())
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createIndex('bmc_rotation_log_rotation')
    .on('bmc_rotation_log')
    .columns(['rotation_id', 'id'])
    .execute();
};
