// The break-glass kit on a real store, real secrets and a real directory: what is there is what the rows say, whatever
// happened in between.

import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, test } from 'node:test';

import type { BreakGlassContent } from '@bessemer/protocol/bmc/break-glass-content';

import { systemClock } from '#clock';
import {
  type BreakGlassKit,
  makeBreakGlassKit,
} from '#conductor/bmc-credential/break-glass/break-glass-kit';
import type { TrustEvent } from '#conductor/trust-events';
import { makeLog } from '#observe/log';
import { changeBmcCredential } from '#store/bmc-credentials';
import { deleteNode } from '#store/nodes';
import { openKitDirectory } from '#trust/break-glass/kit-directory';
import type { Recipient } from '#trust/break-glass/recipient';
import type { SecretStore } from '#trust/secret-store/secret-store';

import {
  type BreakGlassStage,
  newOperatorKey,
  openBreakGlassStage,
  openSealed,
  type OperatorKey,
  PASSWORDS,
} from './break-glass-stage.ts';

const log = makeLog({ level: 'silent' });

let operator: OperatorKey;
let stage: BreakGlassStage;
let directory: string;
let events: TrustEvent[];
let kit: BreakGlassKit;

before(async () => {
  operator = await newOperatorKey();
});

type Different = {
  readonly secrets?: Pick<SecretStore, 'getWrite'>;
  readonly recipients?: readonly Recipient[];
};

const makeKit = (more: Different = {}): BreakGlassKit =>
  makeBreakGlassKit({
    directory: openKitDirectory(directory),
    recipients: [operator.recipient],
    store: stage.store,
    secrets: stage.secrets,
    clock: systemClock,
    log,
    note: async (event) => void events.push(event),
    ...more,
  });

beforeEach(async () => {
  stage = await openBreakGlassStage();
  directory = join(stage.directory, 'kit');
  events = [];
  kit = makeKit();
});

afterEach(async () => {
  await kit.stop();
  await stage.close();
});

const names = (): readonly string[] => readdirSync(directory).sort();

const open = (name: string, by = operator.identity): Promise<BreakGlassContent | undefined> =>
  openSealed(readFileSync(join(directory, name), 'latin1'), by);

const only = (): string => {
  const [name, ...more] = names();
  assert.ok(name !== undefined && more.length === 0, `one file, not ${names().join(', ')}`);
  return name;
};

test('the file of a node has the login that is in use, and nobody else can read it', async () => {
  const node = await stage.managed('rack4-slot2');

  await kit.sweep();

  const name = only();
  assert.ok(name.startsWith(`rack4-slot2.${node.uuid}.`));
  assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  const { sealedAt: _, ...content } = (await open(name)) ?? {};
  assert.deepEqual(content, {
    format: 'bessemer-break-glass/1',
    node: { uuid: node.uuid, name: 'rack4-slot2' },
    addresses: { redfish: 'https://192.0.2.7', ipmi: '192.0.2.7' },
    protocols: ['redfish'],
    username: 'bsmr-a',
    password: PASSWORDS['write-1'],
    writeId: 'write-1',
  });
});

test('a commit replaces the file, and the old one is gone', async () => {
  const node = await stage.managed('n');
  await kit.sweep();
  const before = only();

  await stage.commit(node, 'b', 'write-2');
  kit.refresh(node.uuid);
  await kit.stop();

  assert.notEqual(only(), before);
  assert.equal((await open(only()))?.password, PASSWORDS['write-2']);
});

test('a file that is fresh is not written again', async () => {
  await stage.managed('n');
  await kit.sweep();
  const { ino } = statSync(join(directory, only()));

  await kit.sweep();

  assert.equal(statSync(join(directory, only())).ino, ino);
});

test('the sweep repairs what a crash left: nothing, a stale file, half a file', async () => {
  const [none, stale] = [await stage.managed('none'), await stage.managed('stale')];
  await kit.sweep();
  const [ofNone = '', ofStale = ''] = names();
  rmSync(join(directory, ofNone));
  await stage.commit(stale, 'b', 'write-2');
  writeFileSync(join(directory, `${ofStale.slice(0, -4)}.ab.age.unfinished`), 'half');

  await makeKit().sweep();

  const byNode = new Map(
    await Promise.all(names().map(async (name) => [(await open(name))?.node.uuid, name] as const)),
  );
  assert.deepEqual(new Set(byNode.keys()), new Set([none.uuid, stale.uuid]));
  assert.equal((await open(byNode.get(stale.uuid) ?? ''))?.writeId, 'write-2');
});

test('with other recipients all files are sealed anew', async () => {
  await stage.managed('n');
  await kit.sweep();
  const newcomer = await newOperatorKey();

  await makeKit({ recipients: [newcomer.recipient] }).sweep();

  assert.equal((await open(only(), newcomer.identity))?.username, 'bsmr-a');
  await assert.rejects(open(only()), 'who left cannot open it');
});

test('the file goes with its node, and with the management of its accounts', async () => {
  const [deleted, unmanaged] = [await stage.managed('deleted'), await stage.managed('unmanaged')];
  await kit.sweep();
  assert.equal(names().length, 2);

  assert.ok(await deleteNode(stage.store.db, deleted.uuid, deleted));
  await stage.store.transaction((transaction) =>
    changeBmcCredential(transaction, unmanaged.uuid, () => ({ activeSlot: null })),
  );
  await kit.sweep();

  assert.deepEqual(names(), []);
});

test('other files of the directory are left alone', async () => {
  await stage.managed('n');
  await kit.sweep();
  writeFileSync(join(directory, 'README'), 'the key is in the safe');

  await kit.sweep();

  assert.ok(names().includes('README'));
});

test('a directory that others can look into is an event, and nothing is written', async () => {
  const node = await stage.managed('n');
  await kit.sweep();
  const before = names();
  chmodSync(directory, 0o755);

  await stage.commit(node, 'b', 'write-2');
  kit.refresh(node.uuid);
  await kit.sweep();

  assert.deepEqual(names(), before);
  assert.deepEqual(
    events.map(({ name, detail }) => [name, detail?.['reason']]),
    Array.from({ length: 2 }, () => ['bmc.kit.failed', 'break-glass.directory']),
  );
});

test('a store that does not give the password leaves the old file, and is told with its reason', async () => {
  const node = await stage.managed('n');
  await kit.sweep();
  const before = only();
  const lost = await stage.store.transaction((transaction) =>
    changeBmcCredential(transaction, node.uuid, ({ slots }) => ({
      slots: { ...slots, a: { ...slots.a, ref: 'nowhere' } },
    })),
  );
  assert.equal(lost?.slots.a.ref, 'nowhere');

  await kit.sweep();

  assert.equal(only(), before);
  assert.deepEqual(events, [
    {
      name: 'bmc.kit.failed',
      nodeUuid: node.uuid,
      outcome: 'seen',
      detail: { reason: 'secret-store.gone' },
    },
  ]);
});

test('what fails for each node in the same way is not tried for a thousand', async () => {
  for (let made = 0; made < 6; made += 1) await stage.managed(`n${made}`);
  const broken = makeKit({ secrets: { getWrite: () => Promise.reject(new Error('defect')) } });

  await broken.sweep();

  assert.equal(events.length, 3);
});
