// Allocations, and what a node keeps so that its traits and its allocation are shown without a second look.

import type { Kysely } from 'kysely';

import type { EngineName } from '../database.ts';
import { numberedTable } from './numbered-table.ts';

export const up = async (db: Kysely<unknown>, engine: EngineName): Promise<void> => {
  const { schema } = db;
  await numberedTable(db, engine, 'allocation')
    .addColumn('uuid', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.unique())
    // No node has two.
    .addColumn('node_uuid', 'text', (column) => column.unique())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('resource_class', 'text', (column) => column.notNull())
    .addColumn('traits', 'text', (column) => column.notNull())
    .addColumn('candidate_nodes', 'text', (column) => column.notNull())
    .addColumn('is_name_preferred', 'bigint', (column) => column.notNull())
    .addColumn('extra', 'text', (column) => column.notNull())
    .addColumn('last_error', 'text')
    .addColumn('owner', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text')
    .execute();
  await schema.createIndex('allocation_state').on('allocation').column('state').execute();

  await schema
    .alterTable('node')
    .addColumn('traits', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();
  await schema.alterTable('node').addColumn('allocation_uuid', 'text').execute();
  // Whoever looks for a node that is free.
  await schema
    .createIndex('node_candidates')
    .on('node')
    .columns(['resource_class', 'provision_state'])
    .execute();
};
