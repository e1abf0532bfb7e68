// Who asked for the password of a BMC, for whom it was sealed, and who approved it. Never a password, sealed or not.

import type { Kysely } from 'kysely';

export const up = async ({ schema }: Kysely<unknown>): Promise<void> => {
  // No reference to the node: the BMC keeps its password when the node is deleted, and so does whoever has it.
  await schema
    .createTable('bmc_export')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('node_uuid', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('recipient', 'text', (column) => column.notNull())
    .addColumn('requester', 'text')
    .addColumn('requested_ms', 'bigint', (column) => column.notNull())
    .addColumn('approver', 'text')
    .addColumn('given_ms', 'bigint')
    .execute();
  await schema
    .createIndex('bmc_export_requested')
    .on('bmc_export')
    .column('requested_ms')
    .execute();
};
