// Volumes of storage networks: connectors and targets.

import type { CreateTableBuilder, Kysely } from 'kysely';

import type { EngineName } from '../database.ts';
import { numberedTable } from './numbered-table.ts';

type Table = CreateTableBuilder<string, string>;

export const up = async (db: Kysely<unknown>, engine: EngineName): Promise<void> => {
  const { schema } = db;
  const begin = (name: string): Table => {
    return numberedTable(db, engine, name)
      .addColumn('uuid', 'text', (column) => column.notNull().unique())
      .addColumn('node_uuid', 'text', (column) => column.notNull())
      .addColumn('extra', 'text', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('updated_at', 'text');
  };

  await begin('volume_connector')
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('connector_id', 'text', (column) => column.notNull())
    .addUniqueConstraint('volume_connector_once', ['type', 'connector_id'])
    .execute();
  await schema
    .createIndex('volume_connector_node')
    .on('volume_connector')
    .column('node_uuid')
    .execute();

  await begin('volume_target')
    .addColumn('volume_type', 'text', (column) => column.notNull())
    .addColumn('volume_id', 'text', (column) => column.notNull())
    .addColumn('boot_index', 'bigint', (column) => column.notNull())
    .addColumn('properties', 'text', (column) => column.notNull())
    // Finds the targets of a node, too.
    .addUniqueConstraint('volume_target_once', ['node_uuid', 'boot_index'])
    .execute();
};
