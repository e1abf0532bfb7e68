// What every secret store behind HTTP makes of a network and a server that fail. The store under test is reached through
// the faulty door and has a limit of a second or less.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import type { SecretStore, SecretWrite } from '#trust/secret-store/secret-store';

import type { Fault, FaultyDoor } from './faulty-door.ts';
import { newPlace, newWrite, passwordAt, troubleIs } from './secret-store-contract.ts';

type Faulty = {
  readonly store: () => SecretStore;
  readonly door: () => FaultyDoor;
  /** The question that makes a version. */
  readonly isWrite: (method: string, path: string) => boolean;
  /** Lets the while pass in which a refused login is not tried again. */
  readonly passWhile: () => void;
  /** The same store, believing other authorities only. */
  readonly distrusting: () => SecretStore;
};

const FAULTS: readonly (readonly [name: string, fault: Fault, code: string])[] = [
  ['a server error', { kind: 'status', status: 500, text: '{}' }, 'away'],
  ['a page of a proxy', { kind: 'status', status: 502, text: '<html>' }, 'away'],
  ['a refusal', { kind: 'status', status: 403, text: '{"errors":[]}' }, 'unauthorised'],
  ['silence', { kind: 'hang' }, 'away'],
  ['a connection that ends', { kind: 'lost' }, 'away'],
  ['half an answer', { kind: 'half' }, 'protocol'],
  ['an answer that is cut off', { kind: 'cut' }, 'away'],
  ['a redirect', { kind: 'status', status: 307, text: '' }, 'protocol'],
];

/** After these the write was done, though nobody said so. */
const DONE: readonly (readonly [name: string, fault: Fault])[] = [
  ['lost', { kind: 'lost' }],
  ['never sent', { kind: 'done-and-hang' }],
  ['cut in half', { kind: 'half' }],
  ['cut off', { kind: 'cut' }],
];

export const defineSecretStoreFaults = ({
  store,
  door,
  isWrite,
  passWhile,
  distrusting,
}: Faulty): void => {
  afterEach(() => door().mend());

  for (const [name, fault, code] of FAULTS) {
    test(`${name} is told as ${code}, and nothing is left behind`, async () => {
      const place = newPlace();
      const write = newWrite(place);
      await store().put(write);
      door().break(fault);

      await assert.rejects(store().get(place), troubleIs(code));
      await assert.rejects(store().put(newWrite(place)), troubleIs(code));
      const health = await store().health();

      assert.equal(health.state, code === 'unauthorised' ? 'unauthorised' : 'away');
      door().mend();
      passWhile();
      assert.equal(await passwordAt(store(), place), write.credential.password.reveal());
    });
  }

  for (const [name, fault] of DONE) {
    test(`a write that was done while its answer was ${name} is one version`, async () => {
      const place = newPlace();
      const write: SecretWrite = newWrite(place, { afterVersion: 0 });
      const countHits = door().break(fault, isWrite);

      const first = await store().put(write);
      const hits = countHits();
      door().mend();
      const again = await store().put(write);

      assert.deepEqual([first.version, again.version, hits], [1, 1, 1]);
      assert.equal((await store().list(place.nodeUuid)).length, 1);
      assert.equal(await passwordAt(store(), place), write.credential.password.reveal());
    });
  }

  test('a write of which nothing is known is found, or made, when the store is back', async () => {
    const place = newPlace();
    const write = newWrite(place, { afterVersion: 0 });
    const other = newWrite({ ...place, slot: 'b' }, { afterVersion: 0 });
    door().break({ kind: 'status', status: 500, text: '{}' }, isWrite);
    await assert.rejects(store().put(write), troubleIs('away'));
    door().mend();

    assert.equal(await store().findWrite(place, write.writeId), undefined);
    await store().put(write);
    await store().put(other);

    assert.equal((await store().findWrite(place, write.writeId))?.version, 1);
    assert.equal((await store().list(place.nodeUuid)).length, 2);
  });

  test('a write that arrives after it was made once more is one version', async () => {
    const place = newPlace();
    const write = newWrite(place, { afterVersion: 0 });
    const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
    const countHits = door().break({ kind: 'held', until }, isWrite);
    await assert.rejects(store().put(write), troubleIs('away'));
    const hits = countHits();
    door().mend();

    const again = await store().put(write);
    letGo();
    await door().settled();

    assert.deepEqual([again.version, hits], [1, 1]);
    assert.equal((await store().list(place.nodeUuid)).length, 1);
    assert.equal(await passwordAt(store(), place), write.credential.password.reveal());
    await store().destroy(place, 1);
    await assert.rejects(store().getWrite(place, write.writeId), troubleIs('gone'));
    assert.deepEqual(await store().list(place.nodeUuid), []);
  });

  test('where nobody listens the store is away, and back when somebody does', async () => {
    const place = newPlace();
    await store().put(newWrite(place));
    await door().goDown();

    await assert.rejects(store().get(place), troubleIs('away'));
    assert.equal((await store().health()).state, 'away');
    await door().comeBack();
    assert.deepEqual(await store().health(), { state: 'ready' });
  });

  test('a server with a certificate of somebody else is told nothing', async () => {
    const countHits = door().break({ kind: 'hang' });

    await assert.rejects(distrusting().put(newWrite(newPlace())), troubleIs('certificate'));
    await assert.rejects(distrusting().get(newPlace()), troubleIs('certificate'));

    assert.equal(countHits(), 0);
  });
};
