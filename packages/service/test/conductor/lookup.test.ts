// The first lookup of a boot that brought no token: who gets it, how often, and what a second one does.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, test } from 'node:test';

import type { LookupAnswer, LookupRequest } from '#conductor/conductor';
import type { ConductorOptions } from '#conductor/conductor-parts';
import {
  type AgentSessionRecord,
  findOpenSession,
  insertSession,
  type NewAgentSession,
} from '#store/agent-sessions';
import { insertPort } from '#store/ports';
import { openToken } from '#trust/agent-token/grant';

import { TOKEN_MASK, TOKEN_PATTERN } from '@bessemer/protocol/agent/token';
import type { NodeUuid, PortUuid } from '@bessemer/protocol/uuid';

import { openConductor, type Subject } from './with-conductor.ts';
import { memoryKeys } from './with-engine.ts';

const OWN = '192.0.2.10';
const OTHER = '192.0.2.66';
const MAC = '52:54:00:12:34:56';
const OTHER_MAC = '52:54:00:12:34:99';

let subject: Subject;
afterEach(() => subject.close());

type Booted = { readonly uuid: NodeUuid; readonly sessionId: string };

type BootOptions = {
  readonly mac?: string;
  readonly session?: Partial<NewAgentSession>;
  readonly isPxeEnabled?: boolean;
  readonly networkData?: { readonly [key: string]: never[] | { readonly ip_address: string }[] };
};

/** A node whose machine was just started from the network: the window for its first lookup is open. */
const bootNode = async (options: BootOptions = {}): Promise<Booted> => {
  const { uuid } = await subject.makeNode({
    provisionState: 'wait call-back',
    targetProvisionState: 'active',
    networkData: options.networkData ?? {},
  });
  const port = {
    uuid: randomUUID() as string as PortUuid,
    nodeUuid: uuid,
    address: options.mac ?? MAC,
    pxeEnabled: options.isPxeEnabled ?? true,
  };
  await insertPort(subject.store.db, port, { nowMs: 1 });
  const sessionId = randomUUID();
  await insertSession(subject.store.db, {
    id: sessionId,
    nodeUuid: uuid,
    bootNumber: 1,
    route: 'lookup',
    transport: 'network',
    cause: 'deploy',
    state: 'OPEN',
    windowOpenedMs: 0,
    windowClosesMs: Number.MAX_SAFE_INTEGER,
    trustLevel: 1,
    ...options.session,
  } as NewAgentSession);
  return { uuid, sessionId };
};

const open = async (options: Partial<ConductorOptions> = {}): Promise<void> => {
  subject = await openConductor(options);
};

const ask = (more: Partial<LookupRequest> = {}): Promise<LookupAnswer | undefined> =>
  subject.conductor.lookup({
    addresses: [MAC],
    nodeUuid: undefined,
    sourceAddress: OWN,
    minor: 62,
    ...more,
  });

const tokenIn = (answer: LookupAnswer | undefined): unknown => answer?.config['agent_token'];

const sessionOf = async ({ uuid }: Booted): Promise<AgentSessionRecord> => {
  const session = await findOpenSession(subject.store.db, uuid);
  if (session === undefined) throw new Error('the session is over');
  return session;
};

const eventsOf = async (): Promise<readonly string[]> => {
  const rows = await subject.store.db
    .selectFrom('audit')
    .select(['event', 'detail'])
    .orderBy('seq')
    .execute();
  return rows.map(({ event, detail }) => {
    const { reason } = JSON.parse(detail) as { readonly reason?: string };
    return reason === undefined ? event : `${event} ${reason}`;
  });
};

describe('the first lookup', () => {
  test('gets the token, once; the store has a hash and a copy that opens in this row only', async () => {
    await open();
    const booted = await bootNode();

    const first = await ask();
    const second = await ask();

    const token = String(tokenIn(first));
    const session = await sessionOf(booted);
    const identity = { nodeUuid: booted.uuid, sessionId: booted.sessionId, bootNumber: 1 };
    assert.match(token, TOKEN_PATTERN);
    assert.equal(tokenIn(second), TOKEN_MASK);
    assert.deepEqual([session.state, session.givenTo], ['GIVEN', OWN]);
    assert.equal(openToken(memoryKeys(), session.tokenSealed ?? '', identity).reveal(), token);
    assert.throws(() =>
      openToken(memoryKeys(), session.tokenSealed ?? '', { ...identity, bootNumber: 2 }),
    );
    assert.deepEqual(await eventsOf(), ['agent.lookup.granted', 'agent.lookup.repeat']);
  });

  test('T-04: is the only one that shows it, at every microversion', async () => {
    await open();
    await bootNode();
    const token = String(tokenIn(await ask()));

    for (let minor = 22; minor <= 115; minor += 1) {
      const text = JSON.stringify(await ask({ minor }));

      assert.ok(text.includes(TOKEN_MASK) && !text.includes(token), `1.${minor}`);
    }
  });

  test('of fifty at once is one', async () => {
    await open();
    await bootNode();

    const answers = await Promise.all(Array.from({ length: 50 }, () => ask()));

    const tokens = answers.map(tokenIn);
    assert.equal(tokens.filter((token) => token !== TOKEN_MASK).length, 1);
    assert.equal(tokens.filter((token) => token === TOKEN_MASK).length, 49);
  });

  test('is for a card that the machine may boot from', async () => {
    await open();
    await bootNode({ isPxeEnabled: false });

    assert.equal(await ask(), undefined);
    assert.deepEqual(await eventsOf(), ['agent.lookup.denied unknown']);
  });

  test('T-03: by UUID alone gets nothing', async () => {
    await open();
    const { uuid } = await bootNode();

    assert.equal(await ask({ addresses: [], nodeUuid: uuid }), undefined);
  });
});

describe('T-02: nothing is given', () => {
  const denied = async (reason: string, more: Partial<LookupRequest> = {}): Promise<void> => {
    assert.equal(await ask(more), undefined);
    assert.deepEqual(await eventsOf(), [`agent.lookup.denied ${reason}`]);
  };

  test('without a boot of ours', async () => {
    await open();
    const { uuid } = await subject.makeNode({ provisionState: 'wait call-back' });
    const port = { uuid: randomUUID() as string as PortUuid, nodeUuid: uuid, address: MAC };
    await insertPort(subject.store.db, port, { nowMs: 1 });

    await denied('window');
  });

  test('in a state in which no ramdisk of ours can run', async () => {
    await open();
    const { uuid } = await bootNode();
    await subject.store.db
      .updateTable('node')
      .set({ provision_state: 'active' })
      .where('uuid', '=', uuid)
      .execute();

    await denied('state');
  });

  test('after the window; the session is over then', async () => {
    await open();
    const booted = await bootNode({ session: { windowClosesMs: 1 } });

    assert.equal(await ask(), undefined);
    assert.equal(await findOpenSession(subject.store.db, booted.uuid), undefined);
    assert.deepEqual(await eventsOf(), [
      'agent.session.closed timeout',
      'agent.lookup.denied window',
    ]);
  });

  test('to cards of two machines at once', async () => {
    await open();
    await bootNode();
    await bootNode({ mac: OTHER_MAC });

    await denied('ambiguous', { addresses: [MAC, OTHER_MAC] });
  });

  test('to another node that is named by its UUID', async () => {
    await open();
    await bootNode();
    const other = await bootNode({ mac: OTHER_MAC });

    await denied('ambiguous', { nodeUuid: other.uuid });
  });

  test('to another address than the one that we gave the machine', async () => {
    await open();
    const booted = await bootNode({ networkData: { networks: [{ ip_address: `${OWN}/24` }] } });

    await denied('source', { sourceAddress: OTHER });
    assert.equal((await sessionOf(booted)).state, 'OPEN');
    assert.match(String(tokenIn(await ask())), TOKEN_PATTERN);
  });

  test('to a stock agent where the node asks for more', async () => {
    await open({ minTrustLevel: 2 });
    await bootNode();

    assert.equal(await ask(), undefined);
    assert.deepEqual(await eventsOf(), ['agent.trust.too_low trust']);
  });

  test('to a proof that is none', async () => {
    await open();
    await bootNode();
    const proof = {
      certificatePem: 'x',
      signature: 'x',
      dateMs: 0,
      sealKey: 'x',
      host: 'x',
      target: '/',
    };

    await denied('proof', { proof });
  });

  test('to more cards than a machine has', async () => {
    await open();
    await bootNode();
    const addresses = Array.from(
      { length: 65 },
      (_none, index) => `52:54:00:00:00:${(index + 16).toString(16)}`,
    );

    await denied('ambiguous', { addresses: [...addresses, MAC] });
  });
});

describe('a rival', () => {
  test('from another address, before the agent has called, makes both suspect', async () => {
    await open();
    const booted = await bootNode();
    await ask();

    const answer = await ask({ sourceAddress: OTHER });

    assert.equal(tokenIn(answer), TOKEN_MASK);
    assert.equal((await sessionOf(booted)).state, 'SUSPECT');
    assert.ok((await eventsOf()).includes('agent.lookup.rival'));
    assert.equal(await ask(), undefined);
  });

  test('after the agent is bound and has settled is an alarm only', async () => {
    await open({ settleMs: 0 });
    const booted = await bootNode();
    await ask();
    await subject.store.db
      .updateTable('agent_session')
      .set({ state: 'BOUND' })
      .where('id', '=', booted.sessionId)
      .execute();

    assert.equal(tokenIn(await ask({ sourceAddress: OTHER })), TOKEN_MASK);
    assert.equal((await sessionOf(booted)).state, 'BOUND');
    assert.ok((await eventsOf()).includes('agent.lookup.rival'));
  });
});

describe('outside of the first lookup', () => {
  test('a polled machine is told nothing', async () => {
    await open();
    await bootNode({ session: { route: 'poll' } });

    assert.equal(await ask(), undefined);
  });

  test('where the window is not enforced yet, a late lookup is answered and told of', async () => {
    await open({ lookupWindow: 'warn' });
    await bootNode({ session: { windowClosesMs: 1 } });

    assert.match(String(tokenIn(await ask())), TOKEN_PATTERN);
  });
});
