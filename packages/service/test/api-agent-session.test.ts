// What a node shows of the agent that is at work on it: whatever clients need, and nothing that opens anything.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';

import { revokeSession } from '#store/agent-session-history';
import { bindSession, insertSession } from '#store/agent-sessions';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type Api, openApi } from './api/with-api.ts';

const HASH = 'ab'.repeat(32);
const PIN = 'cd'.repeat(32);
const CALLBACK = 'https://192.0.2.10:9999';
const SECRETS = ['sealed-token', 'sealed-key', HASH];

let api: Api;
let uuid: NodeUuid;
beforeEach(async () => {
  api = await openApi();
  uuid = (await api.createNode()).uuid as NodeUuid;
});
afterEach(() => api.close());

const seal = async (): Promise<void> => {
  const id = randomUUID();
  const { db } = api.parts.store;
  await insertSession(db, {
    id,
    nodeUuid: uuid,
    bootNumber: 7,
    route: 'vmedia',
    cause: 'deploy',
    state: 'SEALED',
    windowOpenedMs: 0,
    windowClosesMs: 1,
    tokenHash: HASH,
    tokenSealed: 'sealed-token',
    keySealed: 'sealed-key',
    certificate: 'pem',
    pin: PIN,
    trustLevel: 2,
  });
  await bindSession(db, id, {
    callbackUrl: CALLBACK,
    address: '192.0.2.10',
    agentVersion: '11.9.0',
    pin: PIN,
    trustLevel: 2,
    sequence: null,
    nowMs: Date.UTC(2026, 10, 21, 12, 0, 0),
  });
};

const infoOf = async () => (await api.ask('GET', `/v1/nodes/${uuid}`)).body.driver_internal_info;

test('an agent is shown with its session, its address, and a mask for its token', async () => {
  await seal();

  assert.deepEqual(await infoOf(), {
    agent_session: {
      state: 'BOUND',
      route: 'vmedia',
      trust_level: 2,
      boot_no: 7,
      pin: PIN,
      last_seen: '2026-11-21T12:00:00.000000+00:00',
    },
    agent_url: CALLBACK,
    agent_version: '11.9.0',
    agent_last_heartbeat: '2026-11-21T12:00:00.000000',
    agent_secret_token: '******',
    agent_secret_token_pregenerated: true,
  });
});

test('no version, list or field shows more', async () => {
  await seal();

  for (let minor = 1; minor <= 115; minor += 1) {
    for (const path of [`/v1/nodes/${uuid}`, '/v1/nodes/detail', `/v1/nodes/${uuid}/states`]) {
      const { text } = await api.ask('GET', path, { version: `1.${minor}` });

      assert.ok(
        SECRETS.every((secret) => !text.includes(secret)),
        `${path} 1.${minor}`,
      );
    }
  }
});

test('a token that comes by lookup is not shown as one of a medium', async () => {
  await insertSession(api.parts.store.db, {
    id: randomUUID(),
    nodeUuid: uuid,
    bootNumber: 1,
    route: 'lookup',
    transport: 'network',
    cause: 'deploy',
    state: 'OPEN',
    windowOpenedMs: 0,
    windowClosesMs: 1,
    trustLevel: 1,
  });

  const info = await infoOf();

  assert.equal(info.agent_session.state, 'OPEN');
  assert.ok(!('agent_secret_token' in info) && !('agent_secret_token_pregenerated' in info));
});

test('a session that is over is not shown', async () => {
  await seal();
  await revokeSession(api.parts.store.db, uuid, { reason: 'lost', nowMs: 1 });

  assert.deepEqual(await infoOf(), {});
});
