import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { makeKeyRing } from '../key-ring.ts';
import { Secret } from '../secret.ts';
import { makeEmbeddedSecretStore, type SealedSecret } from './embedded.ts';
import { copySecrets, countSecrets, destroyMoved } from './move-secrets.ts';
import type { SecretStore } from './secret-store.ts';

const NODES = Array.from(
  { length: 10 },
  (_, index) => `6a5c5c5e-0000-4000-8000-00000000000${index}`,
);
const FEW = NODES.slice(0, 2);
const SLOTS = ['a', 'b'];
const VERSIONS = 3;
const ALL = NODES.length * SLOTS.length * VERSIONS;
const nodeOf = (index: number): string => NODES[index] as string;

/** The embedded store on rows in memory. */
const makeStore = (): SecretStore => {
  let rows: readonly SealedSecret[] = [];
  const at = (one: { nodeUuid: string; slot: string }, other: { nodeUuid: string; slot: string }) =>
    one.nodeUuid === other.nodeUuid && one.slot === other.slot;
  return makeEmbeddedSecretStore({
    keys: makeKeyRing(new Map([['kek-0001', randomBytes(32)]])),
    clock: { wallMs: () => 0, after: () => () => undefined },
    rows: {
      insert: async (row) => {
        if (rows.some(({ id }) => id === row.id)) return false;
        rows = [...rows, row];
        return true;
      },
      findWrite: async (place, writeId) =>
        rows.find((row) => at(row, place) && row.writeId === writeId),
      list: async (nodeUuid) =>
        rows
          .filter((row) => row.nodeUuid === nodeUuid)
          .toSorted((one, other) => other.version - one.version),
      listNodes: async (after, limit) =>
        [...new Set(rows.map(({ nodeUuid }) => nodeUuid))]
          .filter((each) => each > after)
          .toSorted()
          .slice(0, limit),
      destroy: async (place) => {
        rows = rows.map((row) =>
          at(row, place) && row.version === place.version ? { ...row, sealed: '' } : row,
        );
      },
      sample: async () => [],
      isUnavailable: () => false,
    },
  });
};

const passwordOf = (writeId: string): string => `pw-${writeId}`;

const fill = async (store: SecretStore, nodes = NODES): Promise<void> => {
  for (const [index, nodeUuid] of nodes.entries()) {
    for (const slot of SLOTS) {
      for (let number = 1; number <= VERSIONS; number += 1) {
        const writeId = `${index}-${slot}-${number}`;
        const password = new Secret(passwordOf(writeId));
        const credential = { username: `bsmr-${slot}`, password };
        await store.put({ place: { nodeUuid, slot }, writeId, credential });
      }
    }
  }
};

/** Every version, in the order of each slot, as node, slot and write. */
const contentOf = async (store: SecretStore): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const nodeUuid of store.listNodes()) {
    for (const version of await store.list(nodeUuid)) {
      const { slot, writeId, credential } = await store.get(version, version.version);
      assert.equal(credential.password.reveal(), passwordOf(writeId));
      found.push([nodeUuid, slot, credential.username, writeId].join(' '));
    }
  }
  return found;
};

class Killed extends Error {}

type Work = (...args: readonly unknown[]) => unknown;

/** Ends at call number `at` to a store, `before` it is done or after. */
const killAt = (at: number, moment: 'before' | 'after') => {
  let calls = 0;
  let isKilled = false;
  const die = (call: number, when: 'before' | 'after'): void => {
    if (call === at && moment === when) isKilled = true;
    if (isKilled) throw new Killed();
  };
  const wrap = (store: SecretStore): SecretStore => {
    const call =
      (work: Work): Work =>
      async (...args) => {
        const own = (calls += 1);
        die(own, 'before');
        try {
          return await work(...args);
        } finally {
          die(own, 'after');
        }
      };
    const { put, get, getWrite, findWrite, list, destroy } = store;
    const calling = { put, get, getWrite, findWrite, list, destroy };
    const wrapped = Object.entries(calling).map(([name, work]) => [name, call(work as Work)]);
    return { ...store, ...(Object.fromEntries(wrapped) as Partial<SecretStore>) };
  };
  return { wrap, wasKilled: () => isKilled };
};

test('every version of every slot is copied, in its order, and a second run copies nothing', async () => {
  const [from, to] = [makeStore(), makeStore()];
  await fill(from);

  const first = await copySecrets(from, to);
  const second = await copySecrets(from, to);

  assert.deepEqual(first, { nodes: NODES.length, copied: ALL, found: 0, gone: 0 });
  assert.deepEqual(second, { nodes: NODES.length, copied: 0, found: ALL, gone: 0 });
  assert.deepEqual(await contentOf(to), await contentOf(from));
  assert.deepEqual(await countSecrets(to), { nodes: NODES.length, versions: ALL });
});

test('there is no moment at which a kill loses a version, makes two of it, or empties the source too early', async () => {
  let killed = 0;
  for (const moment of ['before', 'after'] as const) {
    for (let at = 1; ; at += 1) {
      const [from, to] = [makeStore(), makeStore()];
      await fill(from, FEW);
      const all = await contentOf(from);
      const { wrap, wasKilled } = killAt(at, moment);
      const [first, second] = [wrap(from), wrap(to)];
      await copySecrets(first, second)
        .then(() => destroyMoved(first, second))
        .catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
      const left = new Set([...(await contentOf(from)), ...(await contentOf(to))]);
      assert.deepEqual([...left].toSorted(), all.toSorted(), `after kill ${moment} ${at}`);

      await copySecrets(from, to);
      await destroyMoved(from, to);

      assert.deepEqual(await contentOf(to), all);
      assert.deepEqual(await contentOf(from), []);
      if (!wasKilled()) break;
      killed += 1;
    }
  }
  assert.ok(killed > FEW.length * SLOTS.length * VERSIONS * 12, `${killed} kills`);
});

test('what was written to the source meanwhile comes with the next run', async () => {
  const [from, to] = [makeStore(), makeStore()];
  await fill(from);
  await copySecrets(from, to);
  const place = { nodeUuid: nodeOf(0), slot: 'a' };
  const credential = { username: 'bsmr-a', password: new Secret(passwordOf('new')) };
  await from.put({ place, writeId: 'new', credential });

  const counts = await copySecrets(from, to);

  assert.deepEqual([counts.copied, counts.found], [1, ALL]);
  assert.equal((await to.get(place)).writeId, 'new');
});

test('a reference stands for the same password, though its version has another number', async () => {
  const [from, to] = [makeStore(), makeStore()];
  await fill(from);
  const place = { nodeUuid: nodeOf(1), slot: 'b' };
  await from.destroy(place, 1);

  await copySecrets(from, to);

  const [there, here] = [await from.getWrite(place, '1-b-3'), await to.getWrite(place, '1-b-3')];
  assert.deepEqual([there.version, here.version], [3, 2]);
  assert.equal(here.credential.password.reveal(), passwordOf('1-b-3'));
});

test('the same write with another password in the target ends the move, and nothing is destroyed', async () => {
  const [from, to] = [makeStore(), makeStore()];
  await fill(from);
  const place = { nodeUuid: nodeOf(2), slot: 'a' };
  const credential = { username: 'bsmr-a', password: new Secret('another') };
  await to.put({ place, writeId: '2-a-2', credential });

  await assert.rejects(copySecrets(from, to), { code: 'secret-store.conflict', message: /2-a-2/ });
  await assert.rejects(destroyMoved(from, to), /2-a-2|only/);

  assert.equal((await contentOf(from)).length, ALL);
});

test('a version that the target lacks keeps all of the source from being destroyed', async () => {
  const [from, to] = [makeStore(), makeStore()];
  await fill(from);
  await copySecrets(from, to);
  await to.destroy({ nodeUuid: nodeOf(9), slot: 'b' }, 1);

  await assert.rejects(destroyMoved(from, to), { code: 'secret-store.gone', message: /9-b-1/ });

  assert.equal((await contentOf(from)).length, ALL);
});
