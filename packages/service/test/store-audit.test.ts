// The audit log on every engine: whoever appends at the same time, it is one chain; whatever is done to the table
// behind our back shows.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { appendAudit, findAuditEnd, listAudit, type NewAuditRow, readAudit } from '#store/audit';
import type { Store } from '#store/database';
import { type ChainReport, makeAuditChain } from '#trust/audit-chain';

import { NOW_MS, onBothEngines, RIVALS } from './store-engines.ts';

const CHAIN = makeAuditChain(Buffer.alloc(32, 3));

const rowOf = (event: string, more: Partial<NewAuditRow> = {}): NewAuditRow => ({
  atMs: NOW_MS,
  event,
  severity: 'info',
  nodeUuid: 'node-1',
  sessionId: null,
  bootNumber: 3,
  source: '192.0.2.7',
  agentVersion: null,
  requestId: null,
  outcome: 'changed',
  detail: '{"reason":"network"}',
  ...more,
});

const append = (store: Store, row: NewAuditRow): Promise<number> =>
  store.transaction((transaction) => appendAudit(transaction, row, CHAIN));

const verify = async (store: Store): Promise<ChainReport> => {
  const end = await findAuditEnd(store.db);
  return CHAIN.verify(readAudit(store.db), end);
};

onBothEngines((open) => {
  beforeEach(async () => {
    await open().db.deleteFrom('audit').execute();
    await open().db.deleteFrom('audit_head').execute();
  });

  const fill = async (count: number): Promise<void> => {
    for (let at = 1; at <= count; at += 1) await append(open(), rowOf(`event-${at}`));
  };

  test('rivals at an empty log write one chain without gaps', async () => {
    const store = open();
    const numbers = await Promise.all(
      Array.from({ length: 4 * RIVALS }, (_, at) => append(store, rowOf(`event-${at}`))),
    );

    assert.deepEqual(
      numbers.toSorted((one, other) => one - other),
      Array.from({ length: 4 * RIVALS }, (_, at) => at + 1),
    );
    const report = await verify(store);
    assert.deepEqual([report.fault, report.count], [undefined, 4 * RIVALS]);
  });

  test('an append whose transaction fails leaves neither a row nor a gap', async () => {
    const store = open();
    await fill(1);
    await assert.rejects(
      store.transaction(async (transaction) => {
        await appendAudit(transaction, rowOf('lost'), CHAIN);
        throw new Error('the change failed');
      }),
      /the change failed/,
    );
    await append(store, rowOf('kept'));

    const rows = await listAudit(store.db, { afterSeq: 0, limit: 10 });
    assert.deepEqual(
      rows.map(({ seq, event }) => [seq, event]),
      [
        [1, 'event-1'],
        [2, 'kept'],
      ],
    );
    assert.equal((await verify(store)).fault, undefined);
  });

  const DAMAGE: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
    ...(['event', 'severity', 'source', 'outcome', 'detail', 'hash'] as const).map(
      (column) =>
        [
          `a changed ${column}`,
          (store: Store) =>
            store.db
              .updateTable('audit')
              .set({ [column]: 'x' })
              .where('seq', '=', 2)
              .execute(),
        ] as const,
    ),
    [
      'a changed time',
      (store) => store.db.updateTable('audit').set({ at_ms: 1 }).where('seq', '=', 2).execute(),
    ],
    [
      'a node taken away',
      (store) =>
        store.db.updateTable('audit').set({ node_uuid: null }).where('seq', '=', 2).execute(),
    ],
    ['a removed row', (store) => store.db.deleteFrom('audit').where('seq', '=', 3).execute()],
    ['a cut end', (store) => store.db.deleteFrom('audit').where('seq', '>', 3).execute()],
    ['all rows gone', (store) => store.db.deleteFrom('audit').execute()],
    ['the end gone', (store) => store.db.deleteFrom('audit_head').execute()],
    [
      'a cut end with the end row set back',
      async (store) => {
        await store.db.deleteFrom('audit').where('seq', '>', 3).execute();
        const [last] = await listAudit(store.db, { afterSeq: 2, limit: 1 });
        await store.db
          .updateTable('audit_head')
          .set({ seq: 3, hash: last?.hash ?? '' })
          .execute();
      },
    ],
    [
      'two rows that changed places',
      async (store) => {
        for (const [from, to] of [
          [2, 99],
          [3, 2],
          [99, 3],
        ] as const) {
          await store.db.updateTable('audit').set({ seq: to }).where('seq', '=', from).execute();
        }
      },
    ],
    [
      'an inserted row',
      async (store) => {
        const [copy] = await store.db.selectFrom('audit').selectAll().limit(1).execute();
        await store.db
          .insertInto('audit')
          .values({ ...(copy as NonNullable<typeof copy>), seq: 6 })
          .execute();
      },
    ],
  ];

  for (const [what, damage] of DAMAGE) {
    test(`${what} is found`, async () => {
      await fill(5);
      assert.equal((await verify(open())).fault, undefined);

      await damage(open());

      assert.notEqual((await verify(open())).fault, undefined);
    });
  }

  test('is listed by node and event, page by page', async () => {
    await fill(2);
    await append(open(), rowOf('event-1', { nodeUuid: 'node-2' }));

    const one = await listAudit(open().db, { afterSeq: 0, limit: 10, event: 'event-1' });
    const other = await listAudit(open().db, { afterSeq: 1, limit: 10, nodeUuid: 'node-1' });
    const page = await listAudit(open().db, { afterSeq: 1, limit: 1 });

    assert.deepEqual(
      [one, other, page].map((rows) => rows.map(({ seq }) => seq)),
      [[1, 3], [2], [2]],
    );
  });
});
