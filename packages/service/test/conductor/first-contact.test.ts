// The first contact with a polled agent: who is shown what, and what is left when somebody else answers.

import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { afterEach, before, beforeEach, test } from 'node:test';

import { type ConductorParts, DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import type { ContactJob } from '#conductor/poll/contact';
import { firstContact } from '#conductor/poll/first-contact';
import { makeLog } from '#observe/log';
import { type AgentSessionRecord, findOpenSession, insertSession } from '#store/agent-sessions';
import { listAudit } from '#store/audit';
import { openStore, type Store } from '#store/database';
import { claimLease } from '#store/leases';
import { insertNode } from '#store/nodes';
import { storePendingToken } from '#store/polled-sessions';
import { insertPort } from '#store/ports';
import { makeToken, openToken, sealToken } from '#trust/agent-token/grant';
import { type Authority, makePrivateKeyPem } from '#trust/certificate/authority';
import {
  issueAgentCertificate,
  issueAuthorityCertificate,
  type IssuedCertificate,
} from '#trust/certificate/issue-certificate';
import { pinOfCertificate } from '#trust/certificate/pin';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid, PortUuid } from '@bessemer/protocol/uuid';

import { makeHandClock } from '../drivers/hand-clock.ts';
import { type FakeAgent, type FakeAgentWish, openFakeAgent } from './fake-agent.ts';
import { FAKE_INTERFACES, memoryKeys } from './with-engine.ts';

const MAC = '52:54:00:00:00:01';
const MINUTE_MS = 60_000;

let authority: Authority;
let certificate: IssuedCertificate;
let store: Store;
let agent: FakeAgent | undefined;
let job: ContactJob;
let token: ReturnType<typeof makeToken>;
let sessionId: string;
let uuid: NodeUuid;
let nowMs: number;
let address: string;

before(async () => {
  const keyPem = await makePrivateKeyPem();
  const authorityPem = await issueAuthorityCertificate(keyPem, makeHandClock().wallMs());
  authority = { keyPem, certificatePem: authorityPem, certificatePath: '' };
});

const newCertificate = (): Promise<IssuedCertificate> =>
  issueAgentCertificate(authority, { commonName: 'agent', addresses: [], nowMs });

const makeBootedNode = async (): Promise<{ readonly node: NodeRecord; readonly fence: number }> => {
  const node = await insertNode(
    store.db,
    {
      uuid,
      driver: 'fake-hardware',
      interfaces: FAKE_INTERFACES,
      provisionState: 'wait call-back',
      driverInfo: { agent_address: address },
      driverInternalInfo: { bmc_identity: { serial: 'SERIAL-1' } },
    },
    { nowMs },
  );
  await insertPort(
    store.db,
    { uuid: randomUUID() as PortUuid, nodeUuid: uuid, address: MAC },
    { nowMs },
  );
  const identity = { nodeUuid: uuid, sessionId, bootNumber: 1 };
  await insertSession(store.db, {
    id: sessionId,
    nodeUuid: uuid,
    bootNumber: 1,
    route: 'poll',
    cause: 'deploy',
    state: 'SEALED',
    windowOpenedMs: nowMs - MINUTE_MS,
    windowClosesMs: nowMs + MINUTE_MS,
    tokenHash: token.hash,
    tokenSealed: sealToken(memoryKeys(), token.token, identity),
    keySealed: '',
    certificate: certificate.certificatePem,
    pin: pinOfCertificate(certificate.certificatePem),
    trustLevel: 2,
  });
  const fence = await claimLease(store.db, uuid, { owner: 'test', nowMs, leaseMs: MINUTE_MS });
  return { node, fence: fence ?? 0 };
};

beforeEach(async () => {
  const clock = makeHandClock();
  nowMs = clock.wallMs();
  store = await openStore({ engine: 'sqlite', path: ':memory:' });
  token = makeToken();
  sessionId = randomUUID();
  uuid = randomUUID() as NodeUuid;
  address = `127.88.${randomInt(1, 255)}.${randomInt(1, 255)}`;
  certificate = await newCertificate();
  const { node, fence } = await makeBootedNode();
  const log = makeLog({ level: 'silent' });
  const parts = {
    store,
    keys: memoryKeys(),
    clock,
    log,
    options: { ...DEFAULT_CONDUCTOR_OPTIONS, isLoopbackAllowed: true },
  } as unknown as ConductorParts;
  job = { node, parts, fence, driver: {} as ContactJob['driver'], log };
});

afterEach(async () => {
  await agent?.close();
  agent = undefined;
  await store.close();
});

const startAgent = async (wish: Partial<FakeAgentWish> = {}): Promise<FakeAgent> => {
  agent = await openFakeAgent({
    address,
    certificate,
    token: token.token.reveal(),
    sessionId,
    startedAtMs: nowMs,
    macs: [MAC],
    ...wish,
  });
  return agent;
};

const session = async (): Promise<AgentSessionRecord> => {
  const found = await findOpenSession(store.db, uuid);
  assert.ok(found);
  return found;
};

const storedToken = async (): Promise<string> => {
  const { tokenSealed } = await session();
  const identity = { nodeUuid: uuid, sessionId, bootNumber: 1 };
  return openToken(memoryKeys(), tokenSealed ?? '', identity).reveal();
};

const events = async (): Promise<readonly string[]> =>
  (await listAudit(store.db, { afterSeq: 0, limit: 100 })).map(({ event }) => event);

/** As the engine does it: what a bound contact changes is committed with the end of the step. */
const contact = async (): Promise<string> => {
  const found = await firstContact(job, await session());
  if (found.kind === 'not yet') return found.text;
  await store.transaction(async (transaction) => found.done.also?.(transaction));
  return 'bound';
};

test('our agent is bound, and its token is one that was never on the medium', async () => {
  const own = await startAgent();

  assert.equal(await contact(), 'bound');

  const { state, callbackUrl, isSigning, pendingTokenHash } = await session();
  assert.deepEqual(
    [state, callbackUrl, isSigning, pendingTokenHash],
    ['BOUND', own.callbackUrl, true, null],
  );
  assert.notEqual(own.token(), token.token.reveal());
  assert.equal(await storedToken(), own.token());
  assert.deepEqual(own.requests(), [
    'status',
    'trust.prove',
    'poll.get_hardware_info',
    'poll.set_node_info',
    'list',
  ]);
  assert.deepEqual(await events(), ['agent.token.rotated', 'agent.bound']);
});

test('T-07, T-12: who shows another key gets a handshake, no byte, and is left alone for a while', async () => {
  const rogue = await startAgent({ certificate: await newCertificate() });

  const texts = [await contact(), await contact()];

  assert.deepEqual(texts, Array(2).fill(`somebody else answers at ${address}`));
  assert.deepEqual([rogue.connections(), rogue.bytes()], [1, 0]);
  assert.deepEqual(await events(), ['agent.poll.pin_mismatch']);
  assert.equal((await session()).state, 'SEALED');
});

test('an agent that was started before this boot is shown no token', async () => {
  const old = await startAgent({ startedAtMs: nowMs - 120 * MINUTE_MS });

  assert.match(await contact(), /started before this boot/);

  assert.deepEqual(old.requests(), ['status']);
  assert.deepEqual(await events(), ['agent.poll.stale_agent']);
});

test('an agent that says how long it runs is judged by that, whatever its clock says', async () => {
  const old = await startAgent({ startedAtMs: nowMs, uptimeSeconds: 600 });

  assert.match(await contact(), /started before this boot/);
  await old.close();
  await startAgent({ startedAtMs: nowMs - 600 * MINUTE_MS, uptimeSeconds: 5 });

  assert.equal(await contact(), 'bound');
});

test('who has the key and proves another token is shown none, and the work stops', async () => {
  const imposter = await startAgent({ provesWith: 'x'.repeat(43) });

  await assert.rejects(contact(), { code: 'agent.not-believed' });

  assert.deepEqual(imposter.requests(), ['status', 'trust.prove']);
  assert.equal((await session()).state, 'SUSPECT');
  assert.deepEqual(await events(), ['agent.poll.proof_failed']);
});

for (const [what, wish] of [
  ['without the card of a port', { macs: ['52:54:00:00:00:77'] }],
  ['with another serial number', { serial: 'SERIAL-2' }],
] as const) {
  test(`a machine ${what} is not told which node it is`, async () => {
    const other = await startAgent(wish);

    await assert.rejects(contact(), { code: 'agent.not-believed' });

    assert.ok(!other.requests().includes('poll.set_node_info'));
    assert.equal((await session()).state, 'SUSPECT');
    assert.deepEqual(await events(), ['agent.identity.mismatch']);
  });
}

test('a stock agent is bound with the token of its medium, and that is told', async () => {
  const stock = await startAgent({ kind: 'stock' });

  assert.equal(await contact(), 'bound');

  const { isSigning, pendingTokenHash } = await session();
  assert.deepEqual([isSigning, pendingTokenHash], [false, null]);
  assert.equal(await storedToken(), stock.token());
  assert.equal(stock.token(), token.token.reveal());
  assert.deepEqual(await events(), ['agent.poll.node_info_unsupported', 'agent.bound']);
});

test('an agent that does not take its token is looked at again', async () => {
  await startAgent({ kind: 'stock', token: 'y'.repeat(43) });

  assert.match(await contact(), /does not take the token/);

  assert.deepEqual(await events(), ['agent.poll.token_refused']);
  assert.equal((await session()).state, 'SEALED');
});

test('after a death between the new token and its storing, the agent is found by the new one', async () => {
  const pending = makeToken();
  const own = await startAgent({ token: pending.token.reveal() });
  const identity = { nodeUuid: uuid, sessionId, bootNumber: 1 };
  await storePendingToken(store.db, await session(), job.fence, {
    hash: pending.hash,
    sealed: sealToken(memoryKeys(), pending.token, identity),
  });

  assert.equal(await contact(), 'bound');

  assert.equal(await storedToken(), pending.token.reveal());
  assert.ok(!own.requests().includes('poll.set_node_info'));
});

test('whoever lost the lease stores no token and sends none', async () => {
  const own = await startAgent();
  job = { ...job, fence: job.fence - 1 };

  await assert.rejects(contact(), { name: 'LeaseLost' });

  assert.ok(!own.requests().includes('poll.set_node_info'));
  assert.equal((await session()).pendingTokenHash, null);
});

test('with no address, or nobody there, nothing is lost', async () => {
  assert.match(await contact(), /nobody answers/);
  job = { ...job, node: { ...job.node, driverInfo: {} } };
  assert.match(await contact(), /no address/);

  assert.deepEqual(await events(), ['agent.poll.no_address']);
});
