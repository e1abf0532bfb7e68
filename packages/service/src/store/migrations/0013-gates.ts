// What is counted before it is added to passes a gate: a row that each transaction changes first, so that on PostgreSQL, too,
// one counts after the other. On SQLite transactions come one after the other in any case.

import type { Kysely } from 'kysely';

export const up = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .createTable('gate')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('passed', 'bigint', (column) => column.notNull())
    .execute();
};
