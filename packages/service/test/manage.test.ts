// The commands at a data directory, as the operator calls them: the audit log is verified, keys are changed under
// sealed values beside a service that has the store open.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { systemClock } from '#clock';
import { sealContext } from '#conductor/boot-media';
import { contextOf } from '#conductor/network-boots';
import { DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { makeEventNoter } from '#conductor/trust-events';
import { openDataDirectory, type DataDirectory } from '#config/data-directory';
import { makeLog } from '#observe/log';
import { insertSession } from '#store/agent-sessions';
import { openStore, type Store } from '#store/database';
import { readSealedValues, replaceSealedValue } from '#store/sealed-rows';
import { openToken, sealAgentKey, sealToken } from '#trust/agent-token/grant';
import { keyIdOf, type KeyRing, openKeyRing } from '#trust/key-ring';
import { Secret } from '#trust/secret';

import { contextOf as rewrapContext } from '../src/manage/rewrap.ts';
import { makeNode, NOW_MS } from './store-engines.ts';

const MAIN = join(import.meta.dirname, '../src/manage/main.ts');

let root: string;
let data: DataDirectory;
let store: Store;
let keys: KeyRing;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bessemer-manage-'));
  data = await openDataDirectory(join(root, 'data'));
  store = await openStore({ engine: 'sqlite', path: data.store });
  keys = await openKeyRing(data.keys);
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true, force: true });
});

type Outcome = { readonly code: number; readonly out: string; readonly err: string };

const manage = (...args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });

const here = (): readonly string[] => ['--data', data.path];

const noteTwice = async (): Promise<void> => {
  const note = makeEventNoter({
    store,
    keys,
    clock: systemClock,
    log: makeLog({ level: 'silent' }),
    options: DEFAULT_CONDUCTOR_OPTIONS,
  });
  await note({ name: 'agent.session.opened', outcome: 'changed', bootNumber: 1 });
  await note({ name: 'agent.lookup.denied', outcome: 'refused', source: '192.0.2.66' });
};

test('audit verify: unbroken, compared with an anchor, broken', async () => {
  const empty = await manage('audit', 'verify', ...here());
  assert.equal(empty.out, 'unbroken: 0 rows\nend: 0:\n');
  await noteTwice();
  assert.equal((await manage('audit', 'verify', ...here(), '--expect', '0:')).code, 0);
  const first = await manage('audit', 'verify', ...here());
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /^unbroken: 2 rows\nend: 2:[0-9a-f]{64}\n$/);

  const anchor = /end: (\S+)/.exec(first.out)?.[1] as string;
  assert.equal((await manage('audit', 'verify', ...here(), '--expect', anchor)).code, 0);
  const other = await manage('audit', 'verify', ...here(), '--expect', `3:${'0'.repeat(64)}`);
  assert.equal(other.code, 1);
  assert.match(other.out, /^SET BACK: row 3/);

  await store.db.updateTable('audit').set({ source: '192.0.2.1' }).where('seq', '=', 2).execute();
  const broken = await manage('audit', 'verify', ...here());
  assert.equal(broken.code, 1);
  assert.match(broken.out, /^BROKEN at row 2 \(changed\)/);
});

test('audit list: as lines and as JSON, by event', async () => {
  await noteTwice();

  const lines = await manage('audit', 'list', ...here());
  const json = await manage('audit', 'list', ...here(), '--event', 'agent.lookup.denied', '--json');

  assert.equal(lines.out.trimEnd().split('\n').length, 2);
  assert.match(lines.out, /warning\s+agent\.lookup\.denied\s+refused - 192\.0\.2\.66/);
  const rows = json.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly seq: number });
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    [2],
  );
});

/** A session, a medium and a network boot with everything sealed that can be. */
const sealSome = async () => {
  const node = await makeNode(store);
  const session = { nodeUuid: node.uuid, sessionId: 'session-1', bootNumber: 7 };
  const token = new Secret('t'.repeat(43));
  await insertSession(store.db, {
    id: session.sessionId,
    nodeUuid: node.uuid,
    bootNumber: session.bootNumber,
    route: 'vmedia',
    cause: 'deploy',
    state: 'SEALED',
    windowOpenedMs: NOW_MS,
    windowClosesMs: NOW_MS + 1,
    tokenHash: 'ab'.repeat(32),
    tokenSealed: sealToken(keys, token, session),
    keySealed: sealAgentKey(keys, new Secret('PEM'), session),
    certificate: 'PEM',
    pin: 'cd'.repeat(32),
    trustLevel: 2,
  });
  const common = { node_uuid: node.uuid, session_id: session.sessionId, boot_no: 7 };
  const rest = { expires_ms: NOW_MS, revoked_ms: null };
  const archive = Buffer.from('archive');
  await store.db
    .updateTable('agent_session')
    .set({ pending_token_sealed: sealToken(keys, token, session) })
    .execute();
  await store.db
    .insertInto('boot_medium')
    .values({
      id: 'medium',
      ...common,
      ...rest,
      base_path: '/base.iso',
      etag: 'etag',
      overlay_sealed: keys.seal(archive, sealContext({ id: 'medium', ...common })),
    })
    .execute();
  await store.db
    .insertInto('network_boot')
    .values({
      id: 'boot',
      ...common,
      ...rest,
      macs: '[]',
      manifest_sealed: keys.seal(archive, contextOf({ id: 'boot', nodeUuid: node.uuid })),
    })
    .execute();
  return { session, token };
};

const keyIds = async (): Promise<readonly string[]> => {
  const ids: string[] = [];
  for await (const { sealed } of readSealedValues(store.db)) ids.push(keyIdOf(sealed));
  return ids;
};

test('kek rotate gives all sealed values a new key, and the running service opens and seals with it', async () => {
  const { session, token } = await sealSome();
  const signing = keys.deriveKey('boot-media-url');

  const outcome = await manage('kek', 'rotate', ...here());

  assert.equal(outcome.code, 0, outcome.err + outcome.out);
  assert.match(outcome.out, /kek-0002 made.*\n5 values have the newest key now\n/);
  assert.deepEqual(
    await keyIds(),
    Array.from({ length: 5 }, () => 'kek-0002'),
  );
  const row = await store.db.selectFrom('agent_session').selectAll().executeTakeFirstOrThrow();
  assert.equal(openToken(keys, row.token_sealed ?? '', session).reveal(), token.reveal());
  assert.equal(keyIdOf(keys.seal(Buffer.from('new'), 'context')), 'kek-0002');
  assert.deepEqual((await openKeyRing(data.keys)).deriveKey('boot-media-url'), signing);
  const list = await manage('kek', 'list', ...here());
  assert.equal(list.out, 'kek-0001  0 values\nkek-0002  5 values  (seals)\n');
});

test('kek retire keeps what is newest, fresh or needed, and deletes the rest', async () => {
  const { session, token } = await sealSome();
  assert.match((await manage('kek', 'retire', 'kek-0001', ...here())).out, /it is the newest/);
  const old = sealToken(keys, token, session);
  await manage('kek', 'rotate', ...here());
  assert.match((await manage('kek', 'retire', 'kek-0001', ...here())).out, /less than 60 seconds/);

  const newest = join(data.keys, 'kek-0002');
  await utimes(newest, 0, 0);
  await store.db.updateTable('agent_session').set({ token_sealed: old }).execute();
  const needed = await manage('kek', 'retire', 'kek-0001', ...here());
  assert.deepEqual([needed.code, /1 values need it/.test(needed.out)], [1, true]);

  await manage('kek', 'rewrap', ...here());
  const gone = await manage('kek', 'retire', 'kek-0001', ...here());

  assert.equal(gone.code, 0, gone.out);
  assert.deepEqual((await readdir(data.keys)).sort(), ['kek-0002', 'root']);
  const row = await store.db.selectFrom('agent_session').selectAll().executeTakeFirstOrThrow();
  const after = await openKeyRing(data.keys);
  assert.equal(openToken(after, row.token_sealed ?? '', session).reveal(), token.reveal());
  assert.throws(() => openToken(after, old, session), /kek-0001/);
});

test('a copy of the store opens nothing with other keys, nor with a value of another row', async () => {
  const { session } = await sealSome();
  const other = await openKeyRing(join(root, 'other-keys'));
  for await (const value of readSealedValues(store.db)) {
    assert.throws(() => other.open(value.sealed, rewrapContext(value)));
    assert.ok(keys.open(value.sealed, rewrapContext(value)).length > 0);
  }
  const row = await store.db.selectFrom('agent_session').selectAll().executeTakeFirstOrThrow();
  const moved = { ...session, sessionId: 'session-2', bootNumber: 8 };
  assert.throws(() => openToken(keys, row.token_sealed ?? '', moved));
  assert.throws(() => openToken(keys, row.key_sealed ?? '', session), 'a key is not a token');
});

test('a value that is moved or foreign is told, and the others get the new key', async () => {
  await sealSome();
  for await (const value of readSealedValues(store.db)) {
    if (value.column === 'overlay_sealed') {
      await replaceSealedValue(store.db, value, keys.seal(Buffer.from('x'), 'another row'));
    }
  }

  const outcome = await manage('kek', 'rotate', ...here());

  assert.equal(outcome.code, 1);
  assert.match(outcome.out, /4 values have.*\ncannot be opened: boot_medium.overlay_sealed medium/);
});

test('a value that the service replaces meanwhile stays as the service left it', async () => {
  await sealSome();
  for await (const value of readSealedValues(store.db)) {
    const stale = { ...value, sealed: 'what was read before' };
    assert.equal(await replaceSealedValue(store.db, stale, 'overwritten'), false);
  }
  assert.ok(!(await keyIds()).includes('overwritten'));
});

test('trust report: levels, stock agents, options without effect, from where lookups come', async () => {
  await sealSome();
  await store.db.updateTable('agent_session').set({ agent_version: '9.14.0' }).execute();
  const config = join(root, 'bessemer.yaml');
  await writeFile(
    config,
    'DEFAULT: {require_agent_token: false}\nagent: {allowed_networks: [192.0.2.0/24], lookup_window_enforce: warn}\n',
  );

  const { code, out } = await manage('trust', 'report', ...here(), '--config', config, '--json');

  assert.equal(code, 0);
  const report = JSON.parse(out);
  assert.deepEqual(report.openByLevel, { 2: 1 });
  assert.deepEqual(report.stockAgents, { '9.14.0': 1 });
  assert.deepEqual(report.lookupFrom, ['192.0.2.0/24']);
  assert.match(report.inert.join(), /require_agent_token/);
  assert.match(report.lowered.join(), /lookup_window_enforce/);
  assert.match((await manage('trust', 'report', ...here())).out, /level 2: 1\n/);
});

test('wrong words and wrong directories are exit code 2, and nothing is made or changed', async () => {
  const open = join(root, 'open');
  await mkdir(open);
  await chmod(open, 0o755);
  for (const args of [
    ['audit', 'verify'],
    ['audit', 'verify', '--data', join(root, 'nowhere')],
    ['audit', 'verify', '--data', open],
    ['audit', 'burn', ...here()],
    ['audit', 'verify', ...here(), '--expect', 'zzz'],
    ['kek', 'retire', 'kek-9999', ...here()],
    ['kek', 'list', 'more', ...here()],
    ['trust', ...here()],
    ['zzz'],
  ]) {
    assert.equal((await manage(...args)).code, 2, args.join(' '));
  }
  assert.deepEqual(await readdir(root), ['data', 'open']);
  assert.equal((await stat(open)).mode & 0o777, 0o755);
});
