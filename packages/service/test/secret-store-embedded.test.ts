// The embedded secret store, on every engine.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { beforeEach, test } from 'node:test';

import { systemClock } from '#clock';
import type { Store } from '#store/database';
import { keyIdOf, makeKeyRing } from '#trust/key-ring';
import { makeEmbeddedSecretStore } from '#trust/secret-store/embedded';

import { countByKey, rewrapAll } from '../src/manage/rewrap.ts';
import { openEmbeddedSecrets, secretRows } from '../src/serve/embedded-secrets.ts';
import {
  defineSecretStoreContract,
  newPlace,
  newWrite,
  nodesOf,
  passwordAt,
  troubleIs,
} from './secret-store-contract.ts';
import { onBothEngines } from './store-engines.ts';

const FIRST_KEY = randomBytes(32);
const OLD_KEYS = makeKeyRing(new Map([['kek-0001', FIRST_KEY]]));
const NEW_KEYS = makeKeyRing(
  new Map([
    ['kek-0001', FIRST_KEY],
    ['kek-0002', randomBytes(32)],
  ]),
);
const OTHER_KEYS = makeKeyRing(new Map([['kek-0001', randomBytes(32)]]));

onBothEngines((open) => {
  const storeWith = (keys = OLD_KEYS) => openEmbeddedSecrets(open(), keys, systemClock);
  beforeEach(async () => {
    await open().db.deleteFrom('secret').execute();
  });

  defineSecretStoreContract(() => storeWith());

  test('of the same number wanted by several writers each gets one', async () => {
    const store = storeWith();
    const place = newPlace();

    const done = await Promise.all([1, 2, 3, 4].map(() => store.put(newWrite(place))));

    assert.deepEqual(
      done.map(({ version }) => version).sort((one, other) => one - other),
      [1, 2, 3, 4],
    );
  });

  test('of several who saw the same newest version one writes', async () => {
    const store = storeWith();
    const place = newPlace();

    const done = await Promise.allSettled(
      [1, 2, 3, 4].map(() => store.put(newWrite(place, { afterVersion: 0 }))),
    );

    assert.equal(done.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await store.list(place.nodeUuid)).length, 1);
  });

  test('the database holds no password, and a row moved to another place does not open', async () => {
    const store = storeWith();
    const place = newPlace();
    const write = newWrite(place);
    await store.put(write);
    const other = newPlace();
    await store.put(newWrite(other));
    const rows = await open().db.selectFrom('secret').selectAll().execute();
    const sealed = rows.find((row) => row.node_uuid === place.nodeUuid)?.sealed ?? '';
    await open()
      .db.updateTable('secret')
      .set({ sealed })
      .where('node_uuid', '=', other.nodeUuid)
      .execute();

    assert.ok(!JSON.stringify(rows).includes(write.credential.password.reveal()));
    await assert.rejects(store.get(other), troubleIs('sealed'));
  });

  test('with the wrong master key the store is sealed before anything is asked of it', async () => {
    await storeWith().put(newWrite(newPlace()));

    const health = await storeWith(OTHER_KEYS).health();

    assert.equal(health.state, 'sealed');
    assert.match('failure' in health ? health.failure.message : '', /does not open: the key/);
  });

  test('a new key-encryption key reaches every version, and the old one is not needed then', async () => {
    const store: Store = open();
    const place = newPlace();
    const writes = [newWrite(place), newWrite(place)];
    for (const write of writes) await storeWith().put(write);
    await storeWith().put(newWrite(newPlace()));

    const report = await rewrapAll(store, NEW_KEYS);

    assert.deepEqual(report, { rewrapped: 3, overtaken: 0, unreadable: [] });
    assert.equal((await countByKey(store)).get('kek-0001'), undefined);
    const rows = await store.db.selectFrom('secret').select('sealed').execute();
    assert.deepEqual(new Set(rows.map(({ sealed }) => keyIdOf(sealed))), new Set(['kek-0002']));
    const after = storeWith(NEW_KEYS);
    assert.equal(await passwordAt(after, place, 1), writes[0]?.credential.password.reveal());
  });

  test('what was destroyed has no key any more and leaves one empty row at most', async () => {
    const store = storeWith();
    const place = newPlace();
    for (let at = 0; at < 3; at += 1) await store.put(newWrite(place));

    for (const version of [1, 3, 2]) await store.destroy(place, version);

    const rows = await open().db.selectFrom('secret').select(['version', 'sealed']).execute();
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [{ version: 3, sealed: '' }],
    );
    assert.deepEqual(await nodesOf(store), []);
  });

  test('a database that is away, or does not answer, is told apart from a wrong question', async () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const rowsWith = (list: () => Promise<never>) =>
      makeEmbeddedSecretStore({
        rows: { ...secretRows(open()), list },
        keys: OLD_KEYS,
        // Nothing is waited for here: every limit is over at once.
        clock: {
          wallMs: () => 0,
          after: (_delayMs, work) => (setImmediate(work), () => undefined),
        },
      });

    await assert.rejects(
      rowsWith(() => Promise.reject(refused)).get(newPlace()),
      troubleIs('away'),
    );
    await assert.rejects(rowsWith(() => new Promise(() => undefined)).get(newPlace()), {
      message: 'The database of the service does not answer.',
    });
    await assert.rejects(
      rowsWith(() => Promise.reject(new TypeError('a defect'))).get(newPlace()),
      TypeError,
    );
  });
});
