// An agent that is polled: it calls nobody, proves itself before it is shown the token, and changes the token in two
// phases.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, test } from 'node:test';
import type { JsonObject } from '@bessemer/protocol/json';
import type { Step } from '#hardware/steps';
import type { AgentConfiguration } from '../src/configuration.ts';
import {
  agentProof,
  conductorProof,
  newNonce,
  pinOfCertificate,
  SESSION,
  signCommand,
} from './service-half.ts';
import { type Answer, exchange, startTestAgent, type TestAgent, TOKEN } from './simulated-agent.ts';
import { makeTestAuthority } from './test-authority.ts';

const PATH = '/v1/commands/';
const UUID = '1be26c0b-03f2-4d2e-ae87-c02d7f33c123';
const NEW = 'n'.repeat(43);

let agent: TestAgent;
let pin: string;
let number: number;
let callsOut: number;
let ownCalls: number;
let releaseStep: () => void;

const countCall = (): void => {
  callsOut += 1;
};

const slowStep: Step = {
  step: 'wait_for_test',
  interface: 'deploy',
  priority: 0,
  reboot_requested: false,
  run: () =>
    new Promise((resolve) => {
      releaseStep = () => resolve('waited');
    }),
};

const start = async (configuration: Partial<AgentConfiguration> = {}): Promise<void> => {
  const authority = await makeTestAuthority('authority of this test');
  const tls = await authority.issue('agent', 'server');
  pin = pinOfCertificate(tls.certificatePem);
  agent = await startTestAgent({
    configuration: {
      isOwnService: true,
      session: SESSION,
      nodeUuid: UUID,
      tls,
      requiresSignatures: true,
      ...configuration,
    },
    plugIns: [
      {
        name: 'test_manager',
        className: 'TestManager',
        version: '1',
        steps: { clean: [slowStep], deploy: [], service: [] },
      },
    ],
  });
};

beforeEach(() => {
  number = 0;
  callsOut = 0;
  ownCalls = 0;
  subscribe('net.client.socket', countCall);
  subscribe('udp.socket', countCall);
});
afterEach(async () => {
  unsubscribe('net.client.socket', countCall);
  unsubscribe('udp.socket', countCall);
  await agent.close();
});

const call = (
  method: string,
  query: string,
  body = '',
  headers: { readonly [name: string]: string } = {},
): Promise<Answer> => {
  ownCalls += 1;
  return exchange(`${agent.callbackUrl}${PATH}${query}`, method, body, headers);
};

/** As our conductor sends it. */
const send = (name: string, params: JsonObject, token = TOKEN, wait = true): Promise<Answer> => {
  number += 1;
  const body = JSON.stringify({ name, params });
  const headers = signCommand(token, `1.${number}`, body);
  return call('POST', `?wait=${wait}&agent_token=${token}`, body, headers);
};

const list = async (token = TOKEN): Promise<Answer> => call('GET', `?agent_token=${token}`);

const names = ({ body }: Answer): readonly unknown[] =>
  (body as { readonly commands: readonly JsonObject[] }).commands.map((one) => one['command_name']);

const prove = (proof: string, nonce: string): Promise<Answer> =>
  call('POST', '?wait=true', JSON.stringify({ name: 'trust.prove', params: { nonce, proof } }));

const nodeInfo = (config: JsonObject = {}, uuid = UUID): JsonObject => ({
  node_info: {
    node: { uuid, properties: {} },
    config: { heartbeat_timeout: 300, agent_token: '******', ...config },
  },
});

test('T-22: with a token and no service address it calls nobody and searches for nobody', async () => {
  await start({ inspectionCallbackUrl: 'https://192.0.2.1/v1/continue_inspection' });
  await send('poll.get_hardware_info', {});
  await send('poll.set_node_info', nodeInfo());
  await send('standby.sync', {});

  assert.equal(callsOut, ownCalls);
});

test('who has the token proves it and gets the proof that the agent has it', async () => {
  await start();
  const nonce = newNonce();

  const { status, body } = await prove(conductorProof(TOKEN, pin, nonce), nonce);

  const { command_status: end, command_result: result } = body as JsonObject;
  const answer = result as { readonly nonce: string; readonly proof: string };
  assert.deepEqual([status, end], [200, 'SUCCEEDED']);
  assert.equal(answer.proof, agentProof(TOKEN, pin, nonce, answer.nonce));
});

test('T-12: a proof of another token, key or nonce is answered as a wrong token, without a reason', async () => {
  await start();
  const nonce = newNonce();
  const wrongToken = await call('GET', '?agent_token=wrong');

  for (const proof of [
    conductorProof(NEW, pin, nonce),
    conductorProof(TOKEN, 'f'.repeat(64), nonce),
    conductorProof(TOKEN, pin, newNonce()),
    '',
  ]) {
    const answer = await prove(proof, nonce);
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.body, wrongToken.body);
  }
});

test('without a token nothing but a short proof is read', async () => {
  await start();
  const nonce = newNonce();
  const proof = conductorProof(TOKEN, pin, nonce);
  const params = { nonce, proof, filling: 'x'.repeat(3_000) };

  const answer = await call('POST', '', JSON.stringify({ name: 'trust.prove', params }));

  assert.equal(answer.status, 401);
});

test('a proof is no command: it is in no list and fits in while work goes on', async () => {
  await start();
  const step = { step: 'wait_for_test', interface: 'deploy' };
  await send('clean.execute_clean_step', { node: {}, ports: [], step }, TOKEN, false);
  const nonce = newNonce();

  const answer = await prove(conductorProof(TOKEN, pin, nonce), nonce);

  assert.equal(answer.status, 200);
  assert.deepEqual(names(await list()), ['execute_clean_step']);
  releaseStep();
});

test('questions of the poll extension are answered while work goes on, and work stays one at a time', async () => {
  await start();
  const step = { step: 'wait_for_test', interface: 'deploy' };
  const params = { node: {}, ports: [], step };
  await send('clean.execute_clean_step', params, TOKEN, false);

  const question = await send('poll.get_hardware_info', {});
  const second = await send('clean.execute_clean_step', params, TOKEN, false);

  assert.equal(question.status, 200);
  assert.equal(second.status, 409);
  assert.deepEqual(names(await list()), ['execute_clean_step', 'get_hardware_info']);
  releaseStep();
});

test('both tokens are good until the new one is used, then the old one is dead', async () => {
  await start();
  await send('poll.set_node_info', nodeInfo({ agent_token: NEW }));

  assert.equal((await list(TOKEN)).status, 200);
  assert.equal((await send('standby.sync', {}, TOKEN)).status, 200);
  assert.equal((await list(NEW)).status, 200);
  assert.equal((await list(TOKEN)).status, 401);
  assert.equal((await send('standby.sync', {}, TOKEN)).status, 401);
  assert.equal((await send('standby.sync', {}, NEW)).status, 200);
});

test('signatures follow the token that is shown', async () => {
  await start();
  await send('poll.set_node_info', nodeInfo({ agent_token: NEW }));
  const body = JSON.stringify({ name: 'standby.sync', params: {} });

  const mixed = await call('POST', `?agent_token=${NEW}`, body, signCommand(TOKEN, '2.1', body));

  assert.equal(mixed.status, 401);
  assert.equal((await list(TOKEN)).status, 200);
});

test('a proof by the new token does not yet end the old one', async () => {
  await start();
  await send('poll.set_node_info', nodeInfo({ agent_token: NEW }));
  const nonce = newNonce();

  const { status } = await prove(conductorProof(NEW, pin, nonce), nonce);

  assert.equal(status, 200);
  assert.equal((await list(TOKEN)).status, 200);
});

test('the same node info twice is as good as once, with the old token and with the new', async () => {
  await start();
  const info = nodeInfo({ agent_token: NEW });

  await send('poll.set_node_info', info);
  const again = await send('poll.node_info', info);
  const byNew = await send('poll.set_node_info', info, NEW);

  assert.deepEqual([again.status, byNew.status], [200, 200]);
  assert.equal((await list(NEW)).status, 200);
});

test('node info of another node is refused and its token not taken', async () => {
  await start();

  const first = await send('poll.set_node_info', nodeInfo({ agent_token: NEW }, 'another'));

  assert.equal(first.status, 400);
  assert.equal((await list(NEW)).status, 401);
});

test('once told, it stays the same node, though the medium named none', async () => {
  await start({ nodeUuid: null });
  await send('poll.set_node_info', nodeInfo());

  const other = await send('poll.set_node_info', nodeInfo({ agent_token: NEW }, 'another'));

  assert.equal(other.status, 400);
});

test('a mask and what is no token leave the token as it is', async () => {
  await start();
  for (const token of ['******', 'short', '', `${NEW.slice(1)}!`]) {
    await send('poll.set_node_info', nodeInfo({ agent_token: token }));
  }

  assert.equal((await list()).status, 200);
  assert.equal((await list('******')).status, 401);
});

test('node info can ask for signatures where the medium did not', async () => {
  await start({ requiresSignatures: false });
  const body = JSON.stringify({ name: 'standby.sync', params: {} });
  const before = await call('POST', `?agent_token=${TOKEN}`, body);
  const trust = { signatures: true, client_certificate: false };
  await send('poll.set_node_info', nodeInfo({ bessemer: { session: SESSION, trust } }));

  const unsigned = await call('POST', `?agent_token=${TOKEN}`, body);

  assert.deepEqual([before.status, unsigned.status], [200, 401]);
});

test('no token stands in the log', async () => {
  await start();
  await send('poll.set_node_info', nodeInfo({ agent_token: NEW }));
  await list(NEW);

  const text = agent.lines().join('\n');
  assert.equal(text.includes(TOKEN) || text.includes(NEW), false);
});
