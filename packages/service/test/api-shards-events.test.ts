// GET /v1/shards and POST /v1/events.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type Answer, type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  api = await openApi();
});
after(() => api.close());

test('shards are counted, the largest first, with the nodes that are in none', async () => {
  assert.deepEqual((await api.ask('GET', '/v1/shards')).body, { shards: [] });
  for (const shard of ['s1', 's2', 's2', 's2', null, null]) await api.createNode({ shard });

  const { status, body } = await api.ask('GET', '/v1/shards');

  assert.equal(status, 200);
  assert.deepEqual(body, {
    shards: [
      { name: 's2', count: 3 },
      { name: 'None', count: 2 },
      { name: 's1', count: 1 },
    ],
  });
});

test('a shard is no resource, and shards are unknown below their version', async () => {
  assert.equal((await api.ask('GET', '/v1/shards/s1')).status, 404);
  assert.equal((await api.ask('GET', '/v1/shards', { version: '1.82' })).status, 200);
  assert.equal((await api.ask('POST', '/v1/shards', { body: {} })).status, 405);
  assert.equal((await api.ask('GET', '/v1/shards?zzz=1')).status, 400);
  for (const method of ['GET', 'POST', 'PATCH', 'DELETE'] as const) {
    assert.equal((await api.ask(method, '/v1/shards', { version: '1.81' })).status, 404, method);
  }
});

const EVENT = {
  event: 'network.bind_port',
  port_id: '11111111-aaaa-bbbb-cccc-555555555555',
  mac_address: 'de:ad:ca:fe:ba:be',
  status: 'ACTIVE',
  device_id: '22222222-aaaa-bbbb-cccc-555555555555',
  'binding:host_id': '22222222-aaaa-bbbb-cccc-555555555555',
  'binding:vnic_type': 'baremetal',
};

const post = (body: unknown, version = '1.115'): Promise<Answer> =>
  api.ask('POST', '/v1/events', { body, version });

test('events of the network are taken, with all that they may say and with what they must', async () => {
  const { event, port_id: port, mac_address: mac, status } = EVENT;
  for (const each of [
    EVENT,
    { ...EVENT, event: 'network.unbind_port', device_id: null, 'binding:host_id': null },
    { event, port_id: port, mac_address: mac, status },
    { ...EVENT, event: 'network.delete_port', status: 'DELETED' },
  ]) {
    const answer = await post({ events: [EVENT, each] });
    assert.deepEqual([answer.status, answer.text], [204, ''], answer.text);
    assert.equal(answer.headers['content-type'], undefined);
  }
});

test('events that are not as they must be are refused, and the field is named', async () => {
  const bad: readonly (readonly [unknown, RegExp])[] = [
    [[], /JSON object/],
    [{}, /'events' is a required property/],
    [{ events: 'x' }, /events/],
    [{ events: [] }, /events/],
    [{ events: ['x'] }, /object/],
    [{ events: [EVENT], zzz: 1 }, /zzz/],
    [{ events: Array.from({ length: 1_001 }, () => EVENT) }, /1000/],
    ...Object.entries({
      event: 'network.rename_port',
      port_id: 'port-1',
      mac_address: '12:34',
      status: 5,
      device_id: {},
      'binding:host_id': 7,
      'binding:vnic_type': [],
      zzz: 1,
    }).map(
      ([name, value]) => [{ events: [{ ...EVENT, [name]: value }] }, new RegExp(name)] as const,
    ),
    ...['event', 'port_id', 'mac_address', 'status'].map(
      (name) => [{ events: [{ ...EVENT, [name]: undefined }] }, new RegExp(name)] as const,
    ),
  ];
  for (const [body, named] of bad) {
    const answer = await post(body);
    assert.equal(answer.status, 400, answer.text);
    assert.match(String(answer.fault), named);
  }
});

test('events are unknown below their version, and are only posted', async () => {
  for (const method of ['GET', 'POST', 'PUT'] as const) {
    const body = { events: [EVENT] };
    assert.equal((await api.ask(method, '/v1/events', { version: '1.53', body })).status, 404);
  }
  assert.equal((await post({ events: [EVENT] }, '1.54')).status, 204);
  assert.equal((await api.ask('GET', '/v1/events')).status, 405);
});
