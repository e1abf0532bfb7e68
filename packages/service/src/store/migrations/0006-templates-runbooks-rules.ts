// Deploy templates, runbooks, inspection rules.

import { type CreateTableBuilder, type Kysely, sql } from 'kysely';

import type { EngineName } from '../database.ts';
import { numberedTable } from './numbered-table.ts';

type Table = CreateTableBuilder<string, string>;

const MAPS = { steps: '[]', extra: '{}', traits: '[]', conditions: '[]', actions: '[]' } as const;

const json = (table: Table, names: readonly (keyof typeof MAPS)[]): Table => {
  let result = table;
  for (const name of names) {
    result = result.addColumn(name, 'text', (column) => column.notNull().defaultTo(MAPS[name]));
  }
  return result;
};

export const up = async (db: Kysely<unknown>, engine: EngineName): Promise<void> => {
  const { schema } = db;
  const begin = (name: string): Table => {
    return numberedTable(db, engine, name)
      .addColumn('uuid', 'text', (column) => column.notNull().unique())
      .addColumn('description', 'text')
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('updated_at', 'text');
  };
  const flag = (table: Table, name: string): Table =>
    table.addColumn(name, 'bigint', (column) => column.notNull().defaultTo(0));
  const named = (table: Table): Table =>
    table.addColumn('name', 'text', (column) => column.notNull().unique());

  await json(named(begin('deploy_template')), ['steps', 'extra']).execute();

  const runbook = json(named(begin('runbook')), ['steps', 'extra', 'traits']);
  await flag(flag(runbook, 'disable_ramdisk'), 'public').addColumn('owner', 'text').execute();
  await schema.createIndex('runbook_owner').on('runbook').column('owner').execute();

  await json(flag(flag(begin('inspection_rule'), 'sensitive'), 'priority'), [
    'conditions',
    'actions',
  ])
    .addColumn('phase', 'text', (column) => column.notNull().defaultTo(sql.lit('main')))
    .execute();
};
