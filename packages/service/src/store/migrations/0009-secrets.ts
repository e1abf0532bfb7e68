// The embedded secret store: every version of every credential of a BMC, sealed.

import type { Kysely } from 'kysely';

export const up = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .createTable('secret')
    .addColumn('id', 'text', (column) => column.primaryKey())
    // No reference to the node: its BMC keeps the password when the node is deleted.
    .addColumn('node_uuid', 'text', (column) => column.notNull())
    .addColumn('slot', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('write_id', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('created_ms', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('secret_write', ['node_uuid', 'slot', 'write_id'])
    .execute();
};
