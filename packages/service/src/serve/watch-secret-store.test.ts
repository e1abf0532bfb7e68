import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import type { TrustEvent } from '#conductor/trust-events';
import type { SecretStore, SecretStoreHealth } from '#trust/secret-store/secret-store';
import { storeFailure, type StoreTrouble } from '#trust/secret-store/store-failure';

import { watchSecretStore } from './watch-secret-store.ts';

const INTERVAL_MS = 30_000;

let health: SecretStoreHealth;
let events: TrustEvent[];
let timers: (() => void)[];
let isLogAway: boolean;

beforeEach(() => {
  health = { state: 'ready' };
  events = [];
  timers = [];
  isLogAway = false;
});

const troubleIs = (state: 'away' | 'sealed' | 'unauthorised'): void => {
  const trouble: StoreTrouble = state;
  health = { state, failure: storeFailure(trouble, `It is ${state}.`) };
};

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const look = async (): Promise<void> => {
  for (const work of timers.splice(0)) work();
  await settled();
};

const start = async () => {
  const store = { kind: 'vault', health: async () => health } as SecretStore;
  const watch = watchSecretStore(store, {
    clock: {
      after: (delayMs, work) => {
        assert.equal(delayMs, INTERVAL_MS);
        timers.push(work);
        return () => void (timers = timers.filter((each) => each !== work));
      },
    },
    log: { error: () => undefined },
    note: async (event) => {
      if (isLogAway) throw new Error('the database is away');
      events.push(event);
    },
    intervalMs: INTERVAL_MS,
  });
  await settled();
  return watch;
};

const told = (): readonly unknown[] =>
  events.map(({ name, detail }) => [name, detail?.['store'], detail?.['reason'] ?? null]);

test('a store that is ready is not told of', async () => {
  const watch = await start();
  await look();

  assert.deepEqual(told(), []);
  assert.deepEqual(watch.health(), { state: 'ready' });
});

test('each change is told once, with what is wrong', async () => {
  await start();
  troubleIs('away');
  await look();
  await look();
  troubleIs('sealed');
  await look();
  troubleIs('unauthorised');
  await look();
  health = { state: 'ready' };
  await look();
  await look();

  assert.deepEqual(told(), [
    ['bmc.store.down', 'vault', 'away'],
    ['bmc.store.down', 'vault', 'sealed'],
    ['bmc.store.down', 'vault', 'unauthorised'],
    ['bmc.store.up', 'vault', null],
  ]);
});

test('a store that is away from the start is told at once', async () => {
  troubleIs('away');

  const watch = await start();

  assert.deepEqual(told(), [['bmc.store.down', 'vault', 'away']]);
  assert.equal(watch.health()?.state, 'away');
});

test('what could not be written down is told at the next look', async () => {
  await start();
  troubleIs('away');
  isLogAway = true;
  await look();
  isLogAway = false;
  await look();

  assert.deepEqual(told(), [['bmc.store.down', 'vault', 'away']]);
});

test('a watch that was stopped looks no more', async () => {
  const watch = await start();

  watch.stop();

  assert.equal(timers.length, 0);
});
