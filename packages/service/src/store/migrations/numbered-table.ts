// How a table begins whose rows are numbered in the order of their creation, on each engine.

import type { CreateTableBuilder, Kysely } from 'kysely';

import type { EngineName } from '../database.ts';

export const numberedTable = (
  { schema }: Kysely<unknown>,
  engine: EngineName,
  name: string,
): CreateTableBuilder<string, string> => {
  const table = schema.createTable(name);
  return engine === 'sqlite'
    ? table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    : table.addColumn('id', 'bigint', (column) => column.primaryKey().generatedAlwaysAsIdentity());
};
