// Port groups, and what ports need for them.

import type { Kysely } from 'kysely';

import type { EngineName } from '../database.ts';
import { numberedTable } from './numbered-table.ts';

export const up = async (db: Kysely<unknown>, engine: EngineName): Promise<void> => {
  const { schema } = db;
  await numberedTable(db, engine, 'portgroup')
    .addColumn('uuid', 'text', (column) => column.notNull().unique())
    .addColumn('node_uuid', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.unique())
    .addColumn('address', 'text', (column) => column.unique())
    .addColumn('mode', 'text', (column) => column.notNull())
    .addColumn('properties', 'text', (column) => column.notNull())
    .addColumn('extra', 'text', (column) => column.notNull())
    .addColumn('internal_info', 'text', (column) => column.notNull())
    .addColumn('standalone_ports_supported', 'bigint', (column) => column.notNull())
    .addColumn('physical_network', 'text')
    .addColumn('category', 'text')
    .addColumn('dynamic_portgroup', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text')
    .execute();
  await schema.createIndex('portgroup_node').on('portgroup').column('node_uuid').execute();

  await schema
    .alterTable('port')
    .addColumn('available_for_dynamic_portgroup', 'bigint', (column) =>
      column.notNull().defaultTo(1),
    )
    .execute();
  await schema.createIndex('port_portgroup').on('port').column('portgroup_uuid').execute();
};
