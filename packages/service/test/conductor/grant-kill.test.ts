// A conductor that is killed while it gives a token: either no token exists and the window is still open, or one
// exists that nobody was told. Never two, and never one that was told and is not stored.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { type AgentSessionRecord, findOpenSession, insertSession } from '#store/agent-sessions';
import { openStore, type Store } from '#store/database';
import { insertNode } from '#store/nodes';
import { insertPort } from '#store/ports';
import { hashOfToken } from '#trust/agent-token/grant';

import { TOKEN_MASK, TOKEN_PATTERN } from '@bessemer/protocol/agent/token';
import type { NodeUuid, PortUuid } from '@bessemer/protocol/uuid';

import { FAKE_INTERFACES } from './with-engine.ts';

const VICTIM = join(import.meta.dirname, 'killable-lookup.ts');
const MAC = '52:54:00:12:34:56';
const PROCESS_MS_MAX = 60_000;

let directory: string;
let uuid: NodeUuid;

const withStore = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
  const store = await openStore({ engine: 'sqlite', path: join(directory, 'bessemer.sqlite') });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-grant-'));
  uuid = randomUUID() as NodeUuid;
  await withStore(async ({ db }) => {
    const node = { uuid, driver: 'fake-hardware', interfaces: FAKE_INTERFACES };
    await insertNode(db, { ...node, provisionState: 'wait call-back' }, { nowMs: 1 });
    const port = { uuid: randomUUID() as string as PortUuid, nodeUuid: uuid, address: MAC };
    await insertPort(db, port, { nowMs: 1 });
    await insertSession(db, {
      id: randomUUID(),
      nodeUuid: uuid,
      bootNumber: 1,
      route: 'lookup',
      transport: 'network',
      cause: 'deploy',
      state: 'OPEN',
      windowOpenedMs: 0,
      windowClosesMs: Number.MAX_SAFE_INTEGER,
      trustLevel: 1,
    });
  });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** What the process answered, or the signal that ended it. */
const lookUp = (dieAt?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const args = [VICTIM, directory, MAC, ...(dieAt === undefined ? [] : [dieAt])];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: PROCESS_MS_MAX,
      killSignal: 'SIGTERM',
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.on('error', reject);
    child.on('close', (_code, signal) => resolve(signal ?? out.trim()));
  });

const session = async (): Promise<AgentSessionRecord> => {
  const found = await withStore(({ db }) => findOpenSession(db, uuid));
  assert.ok(found);
  return found;
};

const grantsInAudit = (): Promise<number> =>
  withStore(async ({ db }) => {
    const rows = await db
      .selectFrom('audit')
      .select('seq')
      .where('event', '=', 'agent.lookup.granted')
      .execute();
    return rows.length;
  });

for (const where of ['before', 'stored']) {
  test(`killed ${where === 'before' ? 'before' : 'after'} the token is written, and before it is durable, the window stays open`, async () => {
    assert.equal(await lookUp(where), 'SIGKILL');
    assert.equal((await session()).state, 'OPEN');

    const token = await lookUp();

    assert.match(token, TOKEN_PATTERN);
    assert.equal((await session()).tokenHash, hashOfToken(token));
    assert.equal(await grantsInAudit(), 1);
  });
}

test('killed after it is durable and before it was told, the token is never told to anybody', async () => {
  assert.equal(await lookUp('committed'), 'SIGKILL');
  const lost = await session();

  const again = await lookUp();

  assert.equal(lost.state, 'GIVEN');
  assert.equal(again, TOKEN_MASK);
  assert.equal((await session()).tokenHash, lost.tokenHash);
  assert.equal(await grantsInAudit(), 1);
});
