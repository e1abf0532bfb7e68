import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Secret } from '../secret.ts';
import { makeCachedSecretStore } from './cached-store.ts';
import type { SecretStore, StoredCredential } from './secret-store.ts';
import { storeFailure, type StoreTrouble } from './store-failure.ts';

const TTL_MS = 900_000;
const GRACE_MS = 14_400_000;
const PLACE = { nodeUuid: '6a5c5c5e-0000-4000-8000-000000000001', slot: 'a' };

const STORED: StoredCredential = {
  ...PLACE,
  version: 3,
  createdMs: 0,
  writeId: 'w3',
  credential: { username: 'bsmr-a', password: new Secret('pw') },
};

let nowMs: number;
let timers: Set<{ readonly atMs: number; readonly work: () => void }>;
let asked: number;
let trouble: StoreTrouble | undefined;
let destroyed: number[];

beforeEach(() => {
  nowMs = 0;
  timers = new Set();
  asked = 0;
  trouble = undefined;
  destroyed = [];
});

const clock = {
  monotonicMs: () => nowMs,
  after: (delayMs: number, work: () => void) => {
    const timer = { atMs: nowMs + delayMs, work };
    timers.add(timer);
    return () => void timers.delete(timer);
  },
};

const pass = (ms: number): void => {
  nowMs += ms;
  for (const timer of timers) {
    if (timer.atMs > nowMs) continue;
    timers.delete(timer);
    timer.work();
  }
};

const answer = async (): Promise<StoredCredential> => {
  asked += 1;
  if (trouble !== undefined) throw storeFailure(trouble, 'as the test wants');
  return STORED;
};

const never = async (): Promise<never> => {
  throw new Error('not asked in these tests');
};

const bare: SecretStore = {
  kind: 'vault',
  put: never,
  get: answer,
  getWrite: answer,
  findWrite: never,
  list: never,
  listNodes: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
  destroy: async (_place, version) => void destroyed.push(version),
  health: async () => ({ state: 'ready' }),
  close: async () => undefined,
};

const open = (ttlMs = TTL_MS, graceMs = GRACE_MS) =>
  makeCachedSecretStore(bare, { ttlMs, graceMs }, clock);

const refused = (code: StoreTrouble) => ({ code: `secret-store.${code}` });

test('what was read is not asked for again, by its number or by its write, until its time is over', async () => {
  const store = open();

  await store.getWrite(PLACE, 'w3');
  const again = await store.getWrite(PLACE, 'w3');
  await store.get(PLACE, 3);
  const early = asked;
  pass(TTL_MS);
  await store.getWrite(PLACE, 'w3');

  assert.equal(again.credential.password.reveal(), 'pw');
  assert.deepEqual([early, asked], [1, 2]);
});

test('the newest version is asked for each time', async () => {
  const store = open();

  await store.get(PLACE);
  await store.get(PLACE);

  assert.equal(asked, 2);
});

for (const code of ['away', 'sealed', 'unauthorised', 'certificate', 'protocol'] as const) {
  test(`while the store is ${code}, what was read is served until the grace is over, then nothing`, async () => {
    const store = open();
    await store.getWrite(PLACE, 'w3');
    trouble = code;

    pass(TTL_MS + GRACE_MS - 1);
    const late = await store.getWrite(PLACE, 'w3');
    pass(1);

    assert.equal(late.writeId, 'w3');
    await assert.rejects(store.getWrite(PLACE, 'w3'), refused(code));
  });
}

test('a store that is away is not asked by everybody, and asked again soon', async () => {
  const store = open();
  await store.getWrite(PLACE, 'w3');
  trouble = 'away';
  pass(TTL_MS);

  await store.getWrite(PLACE, 'w3');
  await store.getWrite(PLACE, 'w3');
  const whileResting = asked;
  trouble = undefined;
  pass(5_000);
  await store.getWrite(PLACE, 'w3');
  await store.getWrite(PLACE, 'w3');

  assert.deepEqual([whileResting, asked], [2, 3]);
});

test('what was never read is not had while the store is away', async () => {
  const store = open();
  trouble = 'away';

  await assert.rejects(store.getWrite(PLACE, 'w3'), refused('away'));
  await assert.rejects(store.getWrite(PLACE, 'w3'), refused('away'));
});

test('what the store says is gone is dropped', async () => {
  const store = open();
  await store.getWrite(PLACE, 'w3');
  pass(TTL_MS);
  trouble = 'gone';
  await assert.rejects(store.getWrite(PLACE, 'w3'), refused('gone'));
  trouble = 'away';

  await assert.rejects(store.get(PLACE, 3), refused('away'));
});

test('what is destroyed is dropped at once', async () => {
  const store = open();
  await store.getWrite(PLACE, 'w3');

  await store.destroy(PLACE, 3);
  trouble = 'gone';

  assert.deepEqual(destroyed, [3]);
  await assert.rejects(store.getWrite(PLACE, 'w3'), refused('gone'));
});

test('without a grace nothing is served after its time', async () => {
  const store = open(TTL_MS, 0);
  await store.getWrite(PLACE, 'w3');
  trouble = 'away';
  pass(TTL_MS);

  await assert.rejects(store.getWrite(PLACE, 'w3'), refused('away'));
});

test('without a time nothing is kept', async () => {
  const store = open(0);

  await store.getWrite(PLACE, 'w3');
  await store.getWrite(PLACE, 'w3');

  assert.deepEqual([asked, timers.size], [2, 0]);
});

test('a closed store holds nothing, and waits for nothing', async () => {
  const store = open();
  await store.getWrite(PLACE, 'w3');

  await store.close();
  trouble = 'away';

  assert.equal(timers.size, 0);
  await assert.rejects(store.getWrite(PLACE, 'w3'), refused('away'));
});
