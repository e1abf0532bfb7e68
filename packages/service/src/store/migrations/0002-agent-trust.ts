// Agent trust: what a session learns about its agent, network boots, and the audit log.

import { type Kysely, sql } from 'kysely';

export const up = async (db: Kysely<unknown>): Promise<void> => {
  const { schema } = db;
  const session = [
    ['transport', 'text', "'vmedia'"],
    ['is_signing', 'bigint', '0'],
    ['media_boots', 'bigint', '0'],
  ] as const;
  for (const [name, type, ifAbsent] of session) {
    await schema
      .alterTable('agent_session')
      .addColumn(name, type, (column) => column.notNull().defaultTo(sql.raw(ifAbsent)))
      .execute();
  }
  for (const name of ['bound_at_ms', 'agent_started_at_ms'] as const) {
    await schema.alterTable('agent_session').addColumn(name, 'bigint').execute();
  }
  await schema
    .createIndex('agent_session_token_hash')
    .on('agent_session')
    .column('token_hash')
    .execute();

  // The poller asks every few seconds who was not seen for longest.
  await schema
    .createIndex('agent_session_polled')
    .on('agent_session')
    .columns(['last_seen_ms', 'id'])
    .where(sql.ref('closed_at_ms'), 'is', null)
    .where(sql.ref('route'), '=', sql.lit('poll'))
    .where(sql.ref('state'), '=', sql.lit('BOUND'))
    .execute();

  await schema
    .createTable('network_boot')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('node_uuid', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('boot_no', 'bigint', (column) => column.notNull())
    .addColumn('macs', 'text', (column) => column.notNull())
    .addColumn('manifest_sealed', 'text', (column) => column.notNull())
    .addColumn('expires_ms', 'bigint', (column) => column.notNull())
    .addColumn('revoked_ms', 'bigint')
    .execute();
  await schema.createIndex('network_boot_node').on('network_boot').column('node_uuid').execute();

  await schema
    .createTable('audit')
    .addColumn('seq', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('severity', 'text', (column) => column.notNull())
    .addColumn('node_uuid', 'text')
    .addColumn('session_id', 'text')
    .addColumn('boot_no', 'bigint')
    .addColumn('source', 'text')
    .addColumn('agent_version', 'text')
    .addColumn('request_id', 'text')
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull().defaultTo('{}'))
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('audit_node').on('audit').columns(['node_uuid', 'seq']).execute();
  await schema
    .createTable('audit_head')
    .addColumn('id', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('seal', 'text', (column) => column.notNull())
    .execute();
};
