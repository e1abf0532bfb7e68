// What operators watch: metrics and the audit log on the public listener.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { makeRamdiskListener } from '#api/ramdisk-listener';
import { DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { makeEventNoter } from '#conductor/trust-events';
import { insertSession } from '#store/agent-sessions';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type Api, openApi } from './api/with-api.ts';
import { memoryKeys } from './conductor/with-engine.ts';

const BEAT = { callback_url: 'https://10.0.0.5:9999', agent_token: 'x' };

let api: Api;
before(async () => {
  api = await openApi();
});
after(() => api.close());

const scrape = async (): Promise<string> => {
  const reply = await api.app.inject({ method: 'GET', url: '/metrics' });
  assert.equal(reply.statusCode, 200);
  assert.match(String(reply.headers['content-type']), /^text\/plain; version=0\.0\.4/);
  return reply.payload;
};

test('calls of ramdisks are counted by how they ended', async () => {
  const { conductor, parts } = api;
  const ramdisk = makeRamdiskListener({
    conductor,
    log: parts.log,
    clock: parts.clock,
    metrics: parts.metrics,
    isDisabled: false,
    publicEndpoint: undefined,
    tls: undefined,
  });
  const ask = (method: 'GET' | 'POST', url: string, payload?: object) =>
    ramdisk.inject({
      method,
      url,
      headers: { 'x-openstack-ironic-api-version': '1.68' },
      ...(payload === undefined ? {} : { payload }),
    });
  const node = {
    uuid: 'u' as NodeUuid,
    properties: {},
    instance_info: {},
    driver_internal_info: {},
  };
  const lookup = '/v1/lookup?addresses=52:54:00:00:00:01';
  conductor.lookupAnswer = { node, config: { agent_token: '******' } };
  await ask('GET', lookup);
  conductor.lookupAnswer = { node, config: { agent_token: 'a'.repeat(43) } };
  await ask('GET', lookup);
  conductor.lookupAnswer = {
    node,
    config: { agent_token: '******', bessemer: { sealed_token: {} } },
  };
  await ask('GET', lookup);
  conductor.lookupAnswer = undefined;
  await ask('GET', lookup);
  await ask('POST', '/v1/heartbeat/x', BEAT);
  conductor.heartbeatRefusal = new Refusal(400, 'Invalid or missing agent token received.');
  await ask('POST', '/v1/heartbeat/x', BEAT);
  conductor.heartbeatRefusal = undefined;
  await ramdisk.close();

  const text = await scrape();

  for (const [labels, count] of [
    ['call="lookup",outcome="masked"', 1],
    ['call="lookup",outcome="granted"', 2],
    ['call="lookup",outcome="denied"', 1],
    ['call="heartbeat",outcome="accepted"', 1],
    ['call="heartbeat",outcome="refused"', 1],
  ] as const) {
    assert.ok(text.includes(`bessemer_ramdisk_calls_total{${labels}} ${count}\n`), labels);
  }
});

test('events and open sessions are counted; the audit log is listed, by node too', async () => {
  const node = await api.createNode();
  const { store, clock, log, metrics } = api.parts;
  const note = makeEventNoter({
    store,
    clock,
    log,
    metrics,
    keys: memoryKeys(),
    options: DEFAULT_CONDUCTOR_OPTIONS,
  });
  const nodeUuid = node.uuid as NodeUuid;
  await insertSession(store.db, {
    id: 'session',
    nodeUuid,
    bootNumber: 1,
    route: 'lookup',
    cause: 'deploy',
    state: 'OPEN',
    windowOpenedMs: 0,
    windowClosesMs: 1,
    trustLevel: 1,
  });
  await note({ name: 'agent.session.opened', nodeUuid, outcome: 'changed', bootNumber: 1 });
  await note({ name: 'agent.lookup.denied', outcome: 'refused', source: '192.0.2.1' });

  const all = await api.ask('GET', '/bessemer/audit');
  const page = await api.ask('GET', '/bessemer/audit?after=1&limit=5');
  const own = await api.ask('GET', `/bessemer/nodes/${node.uuid}/audit`);
  const denied = await api.ask('GET', '/bessemer/audit?event=agent.lookup.denied');
  const unknown = await api.ask('GET', '/bessemer/audit?event=zzz');
  const text = await scrape();

  const names = ({ body }: typeof all) =>
    body.audit.map(({ event }: { readonly event: string }) => event);
  assert.deepEqual(names(all), ['agent.session.opened', 'agent.lookup.denied']);
  assert.deepEqual(names(page), ['agent.lookup.denied']);
  assert.deepEqual(names(own), ['agent.session.opened']);
  assert.deepEqual(names(denied), ['agent.lookup.denied']);
  assert.equal(unknown.status, 400);
  assert.equal(all.body.audit[0].boot, 1);
  assert.match(all.body.audit[0].hash, /^[0-9a-f]{64}$/);
  assert.match(text, /agent_events_total\{event="agent.lookup.denied",severity="warning"\} 1\n/);
  assert.match(text, /bessemer_agent_sessions\{state="OPEN"\} 1\n/);
});

test('both are behind authentication', async () => {
  const closed = await openApi({
    authenticate: () => ({ outcome: 'refused', status: 401, headers: {}, body: '{}' }),
  });
  for (const url of ['/metrics', '/bessemer/audit']) {
    assert.equal((await closed.ask('GET', url)).status, 401, url);
  }
  await closed.close();
});
