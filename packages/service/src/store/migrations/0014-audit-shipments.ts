// How far the audit log was shipped to each receiver, who ships to it, and since when and why it does not take any.

import type { Kysely } from 'kysely';

export const up = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .createTable('audit_shipment')
    .addColumn('destination', 'text', (column) => column.primaryKey())
    .addColumn('shipped_seq', 'bigint', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('until_ms', 'bigint', (column) => column.notNull())
    .addColumn('failing_since_ms', 'bigint')
    .addColumn('failure', 'text')
    .execute();
};
