// Which nodes the service made by itself, for machines that it found: how many, from where, and when.

import type { Kysely } from 'kysely';

export const up = async ({ schema }: Kysely<unknown>): Promise<void> => {
  // No reference to the node: whoever deletes what was found does not make room for more of it within the hour.
  await schema
    .createTable('discovery')
    .addColumn('node_uuid', 'text', (column) => column.primaryKey())
    .addColumn('network', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('found_ms', 'bigint', (column) => column.notNull())
    .execute();
  await schema.createIndex('discovery_found').on('discovery').column('found_ms').execute();
};
