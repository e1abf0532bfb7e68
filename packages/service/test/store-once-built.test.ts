// Queries that are built once, on both engines.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { onceBuilt } from '#store/once-built';

import { onBothEngines } from './store-engines.ts';

type Setting = { readonly key: string; readonly value: string };

onBothEngines((store) => {
  test('a query is built once, however often and wherever it runs', async () => {
    let built = 0;
    const settingsOf = onceBuilt((queryable, { key }: { readonly key: string }) => {
      built += 1;
      return queryable.selectFrom('setting').selectAll().where('key', '=', key);
    });
    const insert = onceBuilt((queryable, { key, value }: Setting) =>
      queryable.insertInto('setting').values({ key, value }),
    );

    await insert(store().db, { key: 'one', value: '1' });
    const inside = await store().transaction(async (transaction) => {
      await insert(transaction, { key: 'two', value: '2' });
      return settingsOf(transaction, { key: 'two' });
    });
    const outside = await settingsOf(store().db, { key: 'one' });

    assert.deepEqual([inside.rows[0]?.value, outside.rows[0]?.value], ['2', '1']);
    assert.equal(built, 1);
  });

  test('a value is never part of the text, and what is fixed stays', async () => {
    const hostile = `'; delete from setting; --`;
    const keep = onceBuilt((queryable, { value }: Pick<Setting, 'value'>) =>
      queryable.insertInto('setting').values({ key: 'fixed', value }),
    );
    const find = onceBuilt((queryable, { value }: Pick<Setting, 'value'>) =>
      queryable
        .selectFrom('setting')
        .select('key')
        .where('key', '=', 'fixed')
        .where('value', '=', value),
    );

    await keep(store().db, { value: hostile });
    const [found, other] = [
      await find(store().db, { value: hostile }),
      await find(store().db, { value: 'another' }),
    ];

    assert.deepEqual([found.rows[0]?.key, other.rows.length], ['fixed', 0]);
  });

  test('a change tells how many rows it met', async () => {
    const change = onceBuilt((queryable, { key, value }: Setting) =>
      queryable.updateTable('setting').set({ value }).where('key', '=', key),
    );
    await store().db.insertInto('setting').values({ key: 'met', value: '' }).execute();

    const met = await change(store().db, { key: 'met', value: 'x' });
    const missed = await change(store().db, { key: 'missed', value: 'x' });

    assert.deepEqual([met.numAffectedRows, missed.numAffectedRows], [1n, 0n]);
  });
});
