// The listener for ramdisks: shapes, versions, the switch, and that nothing else is there.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import type { FastifyInstance } from 'fastify';

import { makeRamdiskListener } from '#api/ramdisk-listener';
import { systemClock } from '#clock';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type Answer, answerOf, type Api, openApi } from './api/with-api.ts';

const UUID = '11111111-2222-4333-8444-555555555555' as NodeUuid;
const ANSWER = {
  node: { uuid: UUID, properties: {}, instance_info: {}, driver_internal_info: {} },
  config: { heartbeat_timeout: 300, agent_token: '******' },
};

let api: Api;
let app: FastifyInstance;
let closed: FastifyInstance;
before(async () => {
  api = await openApi();
  const parts = {
    conductor: api.conductor,
    log: api.parts.log,
    clock: systemClock,
    publicEndpoint: undefined,
    tls: undefined,
  };
  app = makeRamdiskListener({ ...parts, isDisabled: false });
  closed = makeRamdiskListener({ ...parts, isDisabled: true });
});
beforeEach(() => {
  api.conductor.lookupAnswer = ANSWER;
  api.conductor.heartbeatRefusal = undefined;
  api.conductor.heartbeats.length = 0;
  api.conductor.lookups.length = 0;
});
after(async () => {
  await app.close();
  await closed.close();
  await api.close();
});

const send = async (
  method: 'GET' | 'POST',
  url: string,
  body?: unknown,
  version: string | null = '1.68',
  to = app,
): Promise<Answer> =>
  answerOf(
    await to.inject({
      method,
      url,
      headers: version === null ? {} : { 'x-openstack-ironic-api-version': version },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    }),
  );

const BEAT = { callback_url: 'https://10.0.0.5:9999', agent_token: 'x', agent_version: '9.0' };

test('discovery tells agents a version that has TLS and tokens', async () => {
  const { body } = await send('GET', '/', undefined, null);

  assert.equal(body.default_version.version, '1.115');
});

test('an accepted heartbeat is 202 without body or type', async () => {
  const { status, text, headers } = await send('POST', `/v1/heartbeat/${UUID}`, {
    ...BEAT,
    agent_verify_ca: 'PEM',
  });

  assert.deepEqual([status, text, headers['content-type']], [202, '', undefined]);
  assert.equal(api.conductor.heartbeats[0]?.certificatePem, 'PEM');
  assert.equal(api.conductor.heartbeats[0]?.nodeIdent, UUID);
});

const REFUSED: readonly (readonly [string, unknown, string, number, string])[] = [
  ['below 1.22', BEAT, '1.21', 404, 'Resource could not be found.'],
  ['no callback', { agent_token: 'x' }, '1.68', 400, 'Missing mandatory parameter: callback_url'],
  ['an unknown field', { ...BEAT, zzz: 1 }, '1.68', 400, 'Unexpected arguments: zzz'],
  ['a certificate below 1.68', { ...BEAT, agent_verify_ca: 'PEM' }, '1.67', 400, ''],
  ['a version below 1.36', BEAT, '1.35', 400, ''],
  [
    'a number as token',
    { ...BEAT, agent_token: 1 },
    '1.68',
    400,
    'Expected string for agent_token',
  ],
];

test('bad heartbeats are refused before the conductor hears of them', async () => {
  for (const [what, body, version, status, text] of REFUSED) {
    const answer = await send('POST', `/v1/heartbeat/${UUID}`, body, version);

    assert.equal(answer.status, status, what);
    if (text !== '') assert.equal(answer.fault, text, what);
  }
  assert.deepEqual(api.conductor.heartbeats, []);
});

test('what the conductor refuses is passed on as it is', async () => {
  api.conductor.heartbeatRefusal = new Refusal(400, 'Invalid or missing agent token received.');

  const { status, fault } = await send('POST', `/v1/heartbeat/${UUID}`, BEAT);

  assert.deepEqual([status, fault], [400, 'Invalid or missing agent token received.']);
});

test('lookup: addresses are cleaned, links added', async () => {
  const { status, body } = await send(
    'GET',
    '/v1/lookup?addresses=52%3A54%3A00%3AAA%3A00%3A01%2C%20junk%2C52:54:00:aa:00:01',
    undefined,
    '1.62',
  );

  assert.equal(status, 200);
  assert.deepEqual(api.conductor.lookups[0]?.addresses, ['52:54:00:aa:00:01']);
  assert.deepEqual(Object.keys(body.node).sort(), [
    'driver_internal_info',
    'instance_info',
    'links',
    'properties',
    'uuid',
  ]);
  assert.equal(body.config.heartbeat_timeout, 300);
});

test('lookup: nothing usable is 400, nothing found 404, below 1.22 404', async () => {
  const none = await send('GET', '/v1/lookup');
  const junk = await send('GET', '/v1/lookup?addresses=junk');
  const badUuid = await send('GET', '/v1/lookup?node_uuid=notuuid');
  const old = await send('GET', `/v1/lookup?node_uuid=${UUID}`, undefined, '1.21');
  api.conductor.lookupAnswer = undefined;
  const unknown = await send('GET', `/v1/lookup?node_uuid=${UUID}`);

  assert.deepEqual(
    [none.status, none.fault],
    [400, "At least one of 'addresses' and 'node_uuid' parameters is required"],
  );
  assert.equal(junk.status, 400);
  assert.deepEqual([badUuid.status, badUuid.fault], [400, 'Expected UUID for node_uuid: notuuid']);
  assert.equal(old.status, 404);
  assert.deepEqual([unknown.status, unknown.fault], [404, 'Resource could not be found.']);
});

test('inspection data: answered like a lookup from 1.84 on, with the UUID at 1.1, unknown between', async () => {
  const body = { inventory: { interfaces: [{ mac_address: '52:54:00:00:00:01' }] }, extra: 1 };

  const current = await send('POST', `/v1/continue_inspection?node_uuid=${UUID}`, body, '1.84');
  const first = await send('POST', '/v1/continue_inspection', body, null);
  const between = await send('POST', '/v1/continue_inspection', body, '1.83');
  const empty = await send('POST', '/v1/continue_inspection', { inventory: {} }, '1.84');

  assert.deepEqual([current.status, current.body.node.uuid], [202, UUID]);
  assert.deepEqual([first.status, first.body], [202, { uuid: UUID }]);
  assert.equal(between.status, 404);
  assert.equal(empty.status, 400);
});

test('T-17: inventories that no machine has are 400 before anybody looks for a node', async () => {
  const card = { mac_address: '52:54:00:00:00:01' };
  const asked = api.conductor.lookups.length;
  for (const inventory of [
    { interfaces: Array.from({ length: 65 }, () => card) },
    { interfaces: [card], hostname: 'x'.repeat(5_000) },
    { interfaces: [card], hostname: 'a\u0007b' },
  ]) {
    const answer = await send('POST', '/v1/continue_inspection', { inventory }, '1.84');
    assert.equal(answer.status, 400);
    assert.match(answer.fault ?? '', /^The inventory was refused: /);
  }
  assert.equal(api.conductor.lookups.length, asked);
  assert.ok(api.conductor.events.some(({ name }) => name === 'inspect.rejected'));
});

test('T-17: bytes that are no text are 400', async () => {
  const payload = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  const headers = { 'x-openstack-ironic-api-version': '1.68' };
  const url = `/v1/heartbeat/${UUID}`;

  const answer = answerOf(await app.inject({ method: 'POST', url, headers, payload }));

  assert.deepEqual([answer.status, answer.fault], [400, 'The request body is not valid UTF-8']);
});

test('switched off, every call is 403 and discovery still answers', async () => {
  const beat = await send('POST', `/v1/heartbeat/${UUID}`, BEAT, '1.68', closed);
  const lookup = await send('GET', `/v1/lookup?node_uuid=${UUID}`, undefined, '1.68', closed);
  const root = await send('GET', '/', undefined, null, closed);

  assert.deepEqual(
    [beat.status, beat.fault],
    [403, `Access was denied to the following resource: /v1/heartbeat/${UUID}`],
  );
  assert.equal(lookup.status, 403);
  assert.equal(root.status, 200);
});

test('nothing of the public API is here', async () => {
  for (const url of [
    '/v1/nodes',
    '/nodes',
    `/v1/nodes/${UUID}`,
    '/bessemer/nodes/x/why',
    '/v1/ports',
  ]) {
    assert.equal((await send('GET', url)).status, 404, url);
  }
});
