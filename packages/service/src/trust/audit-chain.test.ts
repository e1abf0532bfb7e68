import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import {
  CHAIN_START,
  type ChainedEntry,
  type ChainedRow,
  type ChainReport,
  makeAuditChain,
  type SealedEnd,
} from './audit-chain.ts';

const CHAIN = makeAuditChain(Buffer.alloc(32, 1));
const ROWS = 6;

const textOrNull = fc.option(fc.string());
const entry = fc.record({
  atMs: fc.nat(),
  event: fc.string(),
  severity: fc.string(),
  nodeUuid: textOrNull,
  sessionId: textOrNull,
  bootNumber: fc.option(fc.nat()),
  source: textOrNull,
  agentVersion: textOrNull,
  requestId: textOrNull,
  outcome: fc.string(),
  detail: fc.string(),
});
const log = fc
  .array(entry, { minLength: ROWS, maxLength: ROWS })
  .map((entries): { readonly rows: readonly ChainedRow[]; readonly sealed: SealedEnd } => {
    const rows: ChainedRow[] = [];
    let last = CHAIN_START;
    for (const each of entries) {
      const next: ChainedEntry = { ...each, seq: last.seq + 1 };
      const row = { ...next, hash: CHAIN.link(last.hash, next) };
      rows.push(row);
      last = { seq: row.seq, hash: row.hash };
    }
    return { rows, sealed: { ...last, seal: CHAIN.seal(last) } };
  });
const index = fc.nat({ max: ROWS - 1 });

async function* each(rows: readonly ChainedRow[]): AsyncGenerator<ChainedRow> {
  yield* rows;
}
const verify = (rows: readonly ChainedRow[], sealed?: SealedEnd): Promise<ChainReport> =>
  CHAIN.verify(each(rows), sealed);

test('a log as it was written has no fault, and an empty one neither', async () => {
  await fc.assert(
    fc.asyncProperty(log, async ({ rows, sealed }) => {
      const report = await verify(rows, sealed);

      assert.equal(report.fault, undefined);
      assert.deepEqual(report.end, { seq: ROWS, hash: sealed.hash });
    }),
  );
  assert.equal((await verify([])).fault, undefined);
});

const changed = (value: string | number | null): string | number =>
  typeof value === 'number' ? value + 1 : `${value ?? ''}x`;

test('any column that was changed is found, at its row', async () => {
  const columns = fc.constantFrom(
    'atMs',
    'event',
    'severity',
    'nodeUuid',
    'sessionId',
    'bootNumber',
    'source',
    'agentVersion',
    'requestId',
    'outcome',
    'detail',
    'hash',
  );
  await fc.assert(
    fc.asyncProperty(log, index, columns, async ({ rows, sealed }, at, column) => {
      const row = rows[at] as ChainedRow;
      const forged = { ...row, [column]: changed(row[column]) };

      const { fault } = await verify(rows.with(at, forged), sealed);

      assert.deepEqual([fault?.kind, fault?.seq], ['changed', row.seq]);
    }),
  );
});

test('null and an empty text are not the same column', async () => {
  await fc.assert(
    fc.asyncProperty(log, index, async ({ rows, sealed }, at) => {
      const row = rows[at] as ChainedRow;
      const forged = { ...row, source: row.source === null ? '' : null };

      assert.equal((await verify(rows.with(at, forged), sealed)).fault?.kind, 'changed');
    }),
  );
});

test('a removed row is found, the last ones too', async () => {
  await fc.assert(
    fc.asyncProperty(log, index, async ({ rows, sealed }, at) => {
      const removed = await verify(rows.toSpliced(at, 1), sealed);
      const cut = await verify(rows.slice(0, at), sealed);

      assert.equal(removed.fault?.kind, at === ROWS - 1 ? 'cut' : 'missing');
      assert.deepEqual([cut.fault?.kind, cut.fault?.seq], ['cut', at + 1]);
    }),
  );
});

test('a removed row with the numbers closed up behind it is found', async () => {
  await fc.assert(
    fc.asyncProperty(log, fc.nat({ max: ROWS - 2 }), async ({ rows, sealed }, at) => {
      const closed = rows.toSpliced(at, 1).map((row, place) => ({ ...row, seq: place + 1 }));

      assert.equal((await verify(closed, sealed)).fault?.seq, at + 1);
    }),
  );
});

test('rows that changed places are found, with their numbers and without', async () => {
  await fc.assert(
    fc.asyncProperty(log, fc.nat({ max: ROWS - 2 }), async ({ rows, sealed }, at) => {
      const [one, other] = [rows[at] as ChainedRow, rows[at + 1] as ChainedRow];
      const moved = rows.with(at, other).with(at + 1, one);
      const renumbered = rows
        .with(at, { ...other, seq: one.seq })
        .with(at + 1, { ...one, seq: other.seq });

      assert.notEqual((await verify(moved, sealed)).fault, undefined);
      assert.deepEqual((await verify(renumbered, sealed)).fault?.kind, 'changed');
    }),
  );
});

test('an inserted row is found, at the end too', async () => {
  await fc.assert(
    fc.asyncProperty(log, fc.nat({ max: ROWS }), async ({ rows, sealed }, at) => {
      const copy = rows[Math.min(at, ROWS - 1)] as ChainedRow;
      const inserted = rows
        .toSpliced(at, 0, copy)
        .map((row, place) => ({ ...row, seq: place + 1 }));

      assert.notEqual((await verify(inserted, sealed)).fault, undefined);
    }),
  );
});

test('an end that was moved or is gone is found', async () => {
  await fc.assert(
    fc.asyncProperty(log, fc.nat({ max: ROWS - 2 }), async ({ rows, sealed }, at) => {
      const { seq, hash } = rows[at] as ChainedRow;

      assert.equal((await verify(rows, { ...sealed, seq, hash })).fault?.kind, 'key');
      assert.equal((await verify(rows)).fault?.kind, 'end');
    }),
  );
});

test('another key shows at once', async () => {
  const other = makeAuditChain(Buffer.alloc(32, 2));
  await fc.assert(
    fc.asyncProperty(log, async ({ rows, sealed }) => {
      const { fault, count } = await other.verify(each(rows), sealed);

      assert.deepEqual([fault?.kind, count], ['key', 0]);
    }),
  );
});
