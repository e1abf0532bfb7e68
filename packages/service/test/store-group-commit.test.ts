// Who shares a commit with whom.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Kysely } from 'kysely';

import { openSqliteFile, sqliteDialect } from '#store/engine/sqlite';
import { makeGroupCommit } from '#store/group-commit';
import type { Schema } from '#store/schema';

const CLIENTS = 40;

const openCounting = () => {
  const raw = openSqliteFile(':memory:');
  raw.exec('create table setting (key text primary key, value text)');
  const prepare = raw.prepare.bind(raw);
  let commits = 0;
  raw.prepare = (text) => {
    const statement = prepare(text);
    if (text !== 'commit') return statement;
    const run = statement.run.bind(statement);
    statement.run = () => {
      commits += 1;
      return run();
    };
    return statement;
  };
  const db = new Kysely<Schema>({ dialect: sqliteDialect(raw) });
  return { db, transaction: makeGroupCommit(db), commits: () => commits };
};

test('whoever reads a few things before it writes still shares a commit', async () => {
  const { db, transaction, commits } = openCounting();
  const client = async (_: unknown, index: number): Promise<void> => {
    for (let reads = 0; reads < index % 8; reads += 1) {
      await db.selectFrom('setting').selectAll().where('key', '=', `${reads}`).execute();
    }
    await transaction((each) =>
      each
        .insertInto('setting')
        .values({ key: `${index}`, value: '' })
        .execute(),
    );
  };

  await Promise.all(Array.from({ length: CLIENTS }, client));

  const rows = await db.selectFrom('setting').select('key').execute();
  assert.equal(rows.length, CLIENTS);
  assert.ok(commits() <= 3, `${commits()} commits`);
  await db.destroy();
});

test('between two groups other work of the process gets its turn', async () => {
  const { db, transaction } = openCounting();
  let turns = 0;
  let isOver = false;
  const tick = (): void => {
    turns += 1;
    if (!isOver) setImmediate(tick);
  };
  setImmediate(tick);

  for (let round = 0; round < 5; round += 1) {
    await transaction(async () => undefined);
    await transaction(async () => undefined);
  }
  isOver = true;

  assert.ok(turns >= 5, `${turns} turns`);
  await db.destroy();
});

test('a transaction that fails takes nobody of its group with it', async () => {
  const { db, transaction } = openCounting();
  const insert = (key: string): Promise<unknown> =>
    transaction((each) => each.insertInto('setting').values({ key, value: '' }).execute());

  const outcomes = await Promise.allSettled(['a', 'a', 'b'].map(insert));

  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  const rows = await db.selectFrom('setting').select('key').orderBy('key').execute();
  assert.deepEqual(
    rows.map(({ key }) => key),
    ['a', 'b'],
  );
  await db.destroy();
});
