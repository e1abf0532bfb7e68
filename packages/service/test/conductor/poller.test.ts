// The poller over a list of agents that a test makes up, each behind real TLS: who is asked, when, and what an answer
// means.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, before, beforeEach, test } from 'node:test';

import type { PollTarget } from '#conductor/poll/poll-target';
import { makePoller, type Poller } from '#conductor/poll/poller';
import { makeLog } from '#observe/log';
import { makePrivateKeyPem } from '#trust/certificate/authority';
import {
  issueAgentCertificate,
  issueAuthorityCertificate,
  type IssuedCertificate,
} from '#trust/certificate/issue-certificate';
import { Secret } from '#trust/secret';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type HandClock, makeHandClock } from '../drivers/hand-clock.ts';
import { type FakeAgent, type FakeAgentWish, openFakeAgent } from './fake-agent.ts';

const TOKEN = 't'.repeat(43);
const INTERVAL_MS = 100_000;
const TURNS_MAX = 100_000;

let certificates: readonly IssuedCertificate[];
let clock: HandClock;
let agents: FakeAgent[];
let targets: PollTarget[];
let told: string[];
let poller: Poller;

before(async () => {
  const nowMs = makeHandClock().wallMs();
  const keyPem = await makePrivateKeyPem();
  const certificatePem = await issueAuthorityCertificate(keyPem, nowMs);
  const authority = { keyPem, certificatePem, certificatePath: '' };
  const issue = () => issueAgentCertificate(authority, { commonName: 'a', addresses: [], nowMs });
  certificates = [await issue(), await issue()];
});

const certificate = (index = 0): IssuedCertificate => {
  const found = certificates[index];
  assert.ok(found);
  return found;
};

beforeEach(() => {
  clock = makeHandClock();
  agents = [];
  targets = [];
  told = [];
  poller = startPoller();
});

afterEach(async () => {
  await poller.stop();
  for (const agent of agents) await agent.close();
});

const startPoller = (pollsAtOnce = 4): Poller =>
  makePoller({
    source: {
      count: async () => targets.length,
      list: async ({ seenUntilMs, after, limit }) => {
        const due = targets.filter(({ lastSeenMs }) => lastSeenMs <= seenUntilMs);
        const from = after === undefined ? 0 : due.findIndex(({ id }) => id === after.id) + 1;
        return due.slice(from, from + limit);
      },
    },
    sink: {
      seen: async ({ id }) => {
        told.push(`seen ${id}`);
        targets = targets.map((each) =>
          each.id === id ? { ...each, lastSeenMs: clock.wallMs() } : each,
        );
      },
      restarted: async ({ id }) => {
        told.push(`restarted ${id}`);
      },
      failed: async ({ id }, { code }, inARow) => {
        told.push(`failed ${id} ${code} ${inARow}`);
      },
    },
    identity: undefined,
    clock,
    log: makeLog({ level: 'silent' }),
    options: { intervalMs: INTERVAL_MS, pollsAtOnce },
  });

const addAgent = async (
  id: string,
  wish: Partial<FakeAgentWish> & { readonly pin?: string } = {},
): Promise<FakeAgent> => {
  const agent = await openFakeAgent({
    address: '127.0.0.1',
    port: 0,
    certificate: certificate(),
    token: TOKEN,
    sessionId: randomUUID(),
    startedAtMs: clock.wallMs(),
    ...wish,
  });
  agents.push(agent);
  addTarget(id, agent, wish.pin);
  return agent;
};

const addTarget = (id: string, agent: Pick<FakeAgent, 'callbackUrl' | 'pin'>, pin = agent.pin) => {
  targets.push({
    id,
    nodeUuid: randomUUID() as NodeUuid,
    bootNumber: 1,
    callbackUrl: agent.callbackUrl,
    pin,
    startedAtMs: clock.wallMs(),
    isProven: true,
    lastSeenMs: clock.wallMs(),
    openToken: () => new Secret(TOKEN),
  });
};

/** Lets everything that is ready run, until `isSeen` or for so many turns. */
const untilTurns = async (isSeen: () => boolean, turnsMax = TURNS_MAX): Promise<void> => {
  for (let turn = 0; !isSeen() && turn < turnsMax; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
};

const sweep = () => poller.sweep({ seenUntilMs: clock.wallMs(), limit: Infinity });

test('each agent is asked once, over a connection of its own', async () => {
  const one = await addAgent('one');
  const two = await addAgent('two');

  assert.deepEqual(await sweep(), { asked: 2, failed: 0 });

  assert.deepEqual(told.toSorted(), ['seen one', 'seen two']);
  assert.deepEqual([one.requests(), two.requests()], [['list'], ['list']]);
  assert.deepEqual([one.connections(), two.connections()], [1, 1]);
});

test('T-12: who shows another key gets no byte', async () => {
  const rogue = await addAgent('one', { certificate: certificate(1), pin: 'aa'.repeat(32) });

  assert.deepEqual(await sweep(), { asked: 1, failed: 1 });

  assert.equal(rogue.bytes(), 0);
  assert.deepEqual(told, ['failed one agent.key-mismatch 1']);
});

test('an agent that has forgotten its token was restarted, and says since when it runs', async () => {
  await addAgent('restarted', { token: 'x'.repeat(43), startedAtMs: clock.wallMs() + 60_000 });
  await addAgent('odd', { token: 'x'.repeat(43) });

  await sweep();

  assert.deepEqual(told.toSorted(), ['failed odd agent.command-failed 1', 'restarted restarted']);
});

test('a stock agent that has its token again after a restart is found out by its start', async () => {
  await addAgent('stock', { startedAtMs: clock.wallMs() + 60_000 });
  targets = targets.map((each) => ({ ...each, isProven: false }));

  await sweep();

  assert.deepEqual(told, ['restarted stock']);
});

test('who does not answer is asked again later, and each time later still', async () => {
  const gone = await addAgent('gone');
  await gone.close();
  agents = [];

  const asked: number[] = [];
  for (let second = 0; second < 60; second += 1) {
    if ((await sweep()).asked > 0) asked.push(second);
    clock.advance(1_000);
  }

  const pauses = asked.slice(1).map((each, index) => each - (asked[index] ?? 0));
  assert.ok(pauses.length >= 2 && pauses.length <= 4, pauses.join(' '));
  assert.deepEqual(
    pauses,
    pauses.toSorted((one, other) => one - other),
  );
  assert.match(told.at(-1) ?? '', /agent.unreachable \d/);
});

test('no more connections than allowed are open, whatever is due', async () => {
  const held: Socket[] = [];
  const silent = createServer((socket) => held.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  const { port } = silent.address() as AddressInfo;
  const place = { callbackUrl: `https://127.0.0.1:${port}`, pin: 'aa'.repeat(32) };
  for (let index = 0; index < 30; index += 1) addTarget(String(index), place);

  const swept = sweep();
  await untilTurns(() => held.length >= 4);
  await untilTurns(() => held.length > 4, 500);
  const heldAtOnce = held.length;
  silent.close();
  for (const socket of held) socket.destroy();
  const report = await swept;

  assert.equal(heldAtOnce, 4);
  assert.deepEqual(report, { asked: 30, failed: 30 });
});

test('after a pause, all that are due are not asked in one burst', async () => {
  const agent = await addAgent('0');
  for (let index = 1; index < 40; index += 1) addTarget(String(index), agent);
  clock.advance(10 * INTERVAL_MS);

  poller.start();
  clock.advance(5_000);
  await untilTurns(() => told.length >= 2);
  await poller.stop();

  // A twentieth of the interval is a round; its share of 40 is 2, and half as much again may be caught up.
  assert.ok(told.length >= 2 && told.length <= 4, `${told.length} in one round`);
});

test('nobody is asked before it is time', async () => {
  const agent = await addAgent('one');

  poller.start();
  clock.advance(5_000);
  await poller.stop();

  assert.equal(agent.connections(), 0);
});
