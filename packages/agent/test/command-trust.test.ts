// Who may command the agent, over real TLS: client certificates, signatures, sequences, and what replays are worth.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { connect } from 'node:tls';
import type { JsonObject } from '@bessemer/protocol/json';
import { SESSION, signCommand } from './service-half.ts';
import { type Answer, exchange, startTestAgent, type TestAgent, TOKEN } from './simulated-agent.ts';
import { type Identity, makeTestAuthority, type TestAuthority } from './test-authority.ts';

const PATH = '/v1/commands/';
const REFUSED = '401 Unauthorized: Token invalid.';

let authority: TestAuthority;
let conductor: Identity;
let agent: TestAgent;
/** Rises for the whole file: the agent outlives a test. */
let number: number;

before(async () => {
  authority = await makeTestAuthority('authority of this test');
  conductor = await authority.issue('conductor', 'client');
  agent = await startTestAgent({
    configuration: {
      isOwnService: true,
      session: SESSION,
      authorityPem: authority.certificatePem,
      tls: await authority.issue('agent', 'server', '127.0.0.1'),
      requiresConductorCertificate: true,
      requiresSignatures: true,
    },
  });
  number = 0;
});
beforeEach(() => {
  number += 10;
});
after(() => agent.close());

type Headers = { readonly [name: string]: string };

const call = (
  method: string,
  path: string,
  body?: unknown,
  headers: Headers = {},
  identity: Identity | null = conductor,
): Promise<Answer> =>
  exchange(
    `${agent.callbackUrl}${path}`,
    method,
    body,
    headers,
    identity === null ? {} : { cert: identity.certificatePem, key: identity.keyPem },
  );

const SYNC = JSON.stringify({ name: 'standby.sync', params: {} });
const post = (headers: Headers, body = SYNC): Promise<Answer> =>
  call('POST', `${PATH}?wait=true&agent_token=${TOKEN}`, body, headers);

const list = async (): Promise<readonly JsonObject[]> => {
  const { body } = await call('GET', `${PATH}?agent_token=${TOKEN}`);
  return (body as { readonly commands: readonly JsonObject[] }).commands;
};

const faultOf = (answer: Answer): unknown => (answer.body as JsonObject)['faultstring'];

test('a conductor with certificate, token and signature is obeyed', async () => {
  const answer = await post(signCommand(TOKEN, `7.${number}`, SYNC));

  assert.equal(answer.status, 200);
});

for (const path of ['/', '/v1/status', `${PATH}?agent_token=${TOKEN}`]) {
  test(`T-16: ${path.split('?')[0]} answers nobody without a client certificate`, async () => {
    await assert.rejects(call('GET', path, undefined, {}, null), /certificate|reset|hang up/i);
  });
}

test('a client certificate of another authority is refused, though its names are the same', async () => {
  const other = await makeTestAuthority('authority of this test');
  const forged = await other.issue('conductor', 'client');

  await assert.rejects(call('GET', '/v1/status', undefined, {}, forged));
});

test('an agent is no conductor: its certificate of the same authority opens nothing', async () => {
  const neighbour = await authority.issue('agent', 'server', '127.0.0.2');

  await assert.rejects(call('GET', '/v1/status', undefined, {}, neighbour));
});

test('T-07: a stranger learns the public key from the handshake and not one byte of HTTP', async () => {
  const { hostname, port } = new URL(agent.callbackUrl ?? '');
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  let received = 0;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length;
  });
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: agent\r\n\r\n');

  await new Promise((resolve) => {
    socket.once('close', resolve);
  });

  assert.equal(received, 0);
});

test('T-16: lists and results are read with the token only, whatever certificate is shown', async () => {
  const [id] = (await list()).map((one) => JSON.stringify(one['id']).slice(1, -1));
  assert.ok(id);

  for (const path of [PATH, `${PATH}${id}`, `${PATH}?agent_token=wrong`]) {
    const answer = await call('GET', path);
    assert.equal(answer.status, 401);
    assert.equal(faultOf(answer), REFUSED);
  }
});

test('the token alone commands nothing, nor does a signature alone', async () => {
  const signed = signCommand(TOKEN, `7.${number}`, SYNC);

  const unsigned = await post({});
  const tokenless = await call('POST', PATH, SYNC, signed);

  for (const answer of [unsigned, tokenless]) {
    assert.equal(answer.status, 401);
    assert.equal(faultOf(answer), REFUSED);
  }
});

test('T-08: a command that was captured cannot be sent again, and leaves no trace', async () => {
  const captured = signCommand(TOKEN, `7.${number}`, SYNC);
  await post(captured);
  const before = (await list()).length;

  const again = await post(captured);

  assert.equal(again.status, 401);
  assert.equal(faultOf(again), REFUSED);
  assert.equal((await list()).length, before);
  assert.ok(agent.lines().some((line) => line.includes(`number 7.${number} was there before`)));
});

test('a signature does not hold for another body, number or path', async () => {
  const sequence = `7.${number}`;
  const off = JSON.stringify({ name: 'standby.power_off', params: {} });

  for (const [headers, body] of [
    [signCommand(TOKEN, sequence, SYNC), off],
    [{ ...signCommand(TOKEN, sequence, SYNC), 'x-bessemer-sequence': `7.${number + 1}` }, SYNC],
    [signCommand(TOKEN, sequence, SYNC, '/v1/status'), SYNC],
    [signCommand('X'.repeat(43), sequence, SYNC), SYNC],
  ] as const) {
    assert.equal((await post(headers, body)).status, 401);
  }
  assert.deepEqual(agent.exits, []);
});

test('a wrong signature does not use up the number of the right one', async () => {
  const sequence = `7.${number}`;
  await post({ ...signCommand(TOKEN, sequence, SYNC), 'x-bessemer-signature': 'x' });

  const right = await post(signCommand(TOKEN, sequence, SYNC));

  assert.equal(right.status, 200);
});

test('the fence that counts is the one that is signed', async () => {
  const headers = signCommand(TOKEN, `7.${number}`, SYNC);

  const answer = await post({ ...headers, 'x-bessemer-fence': '99' });

  assert.equal(answer.status, 401);
});

test('an owner that lost its lease is told so, though its signature is right', async () => {
  await post(signCommand(TOKEN, '9.1', SYNC));

  const late = await post(signCommand(TOKEN, `8.${number}`, SYNC));

  assert.equal(late.status, 409);
  assert.match(String(faultOf(late)), /^Fence 8 is older than 9: agent is busy/);
});

test('no token stands in the log', () => {
  assert.equal(
    agent.lines().some((line) => line.includes(TOKEN)),
    false,
  );
});

test('a medium that asks for conductor certificates and brings no authority starts no agent', async () => {
  const starting = startTestAgent({
    configuration: { isOwnService: true, session: SESSION, requiresConductorCertificate: true },
  });

  await assert.rejects(starting, /no authority/);
});

test('signatures that a lookup did not ask for are not asked for', async () => {
  const plain = await startTestAgent({ configuration: { isOwnService: true, session: SESSION } });

  const result = await plain.run('standby.sync', {});
  await plain.close();

  assert.equal(result.command_status, 'SUCCEEDED');
});
