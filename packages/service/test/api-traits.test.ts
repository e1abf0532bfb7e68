// Traits of nodes over HTTP: what may be set, what is shown, and who may.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { updateNode } from '#store/nodes';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { as, authenticatePersona, LESSEE, OWNER } from './api/personas.ts';
import { type Api, openApi } from './api/with-api.ts';

let api: Api;

before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
});

after(async () => {
  await api?.close();
});

const traitsOf = async (uuid: string): Promise<string[]> =>
  (await api.ask('GET', `/v1/nodes/${uuid}/traits`)).body.traits;

test('all traits of a node are set at once, shown sorted, and removed', async () => {
  const { uuid } = await api.createNode({ name: `t-${randomUUID()}` });
  const body = { traits: ['HW_CPU_X86_VMX', 'CUSTOM_B', 'CUSTOM_A', 'CUSTOM_B'] };

  const put = await api.ask('PUT', `/v1/nodes/${uuid}/traits`, { body });

  assert.equal(put.status, 204);
  assert.equal(put.text, '');
  assert.deepEqual(await traitsOf(uuid), ['CUSTOM_A', 'CUSTOM_B', 'HW_CPU_X86_VMX']);
  assert.equal((await api.ask('DELETE', `/v1/nodes/${uuid}/traits`)).status, 204);
  assert.deepEqual(await traitsOf(uuid), []);
});

test('one trait is added and removed, by the name of the node too', async () => {
  const name = `t-${randomUUID()}`;
  const { uuid } = await api.createNode({ name });

  const put = await api.ask('PUT', `/v1/nodes/${name}/traits/CUSTOM_A`);
  const again = await api.ask('PUT', `/v1/nodes/${name}/traits/CUSTOM_A`);

  assert.equal(put.status, 204);
  assert.equal(
    put.headers['location'],
    `http://test.example:6385/v1/nodes/${name}/traits/CUSTOM_A`,
  );
  assert.equal(again.status, 204);
  assert.deepEqual(await traitsOf(uuid), ['CUSTOM_A']);
  assert.equal((await api.ask('DELETE', `/v1/nodes/${uuid}/traits/CUSTOM_A`)).status, 204);
  const unknown = await api.ask('DELETE', `/v1/nodes/${uuid}/traits/CUSTOM_A`);
  assert.equal(unknown.status, 404);
  assert.match(unknown.fault ?? '', /doesn't have a trait 'CUSTOM_A'/);
});

test('nodes show their traits, alone, in lists and when asked for', async () => {
  const { uuid } = await api.createNode();
  const bare = await api.createNode();
  await api.ask('PUT', `/v1/nodes/${uuid}/traits`, { body: { traits: ['CUSTOM_B', 'CUSTOM_A'] } });

  const wanted = ['CUSTOM_A', 'CUSTOM_B'];
  assert.deepEqual((await api.ask('GET', `/v1/nodes/${uuid}`)).body.traits, wanted);
  const one = await api.ask('GET', `/v1/nodes/${uuid}?fields=traits`);
  assert.deepEqual(Object.keys(one.body), ['traits', 'links']);
  const { nodes } = (await api.ask('GET', '/v1/nodes?fields=uuid,traits')).body;
  const shown = new Map(
    nodes.map((node: { uuid: string; traits: string[] }) => [node.uuid, node.traits]),
  );
  assert.deepEqual(shown.get(uuid), wanted);
  assert.deepEqual(shown.get(bare.uuid), []);
  const older = await api.ask('GET', `/v1/nodes/${uuid}`, { version: '1.36' });
  assert.equal('traits' in older.body, false);
  const asked = await api.ask('GET', `/v1/nodes/${uuid}?fields=traits`, { version: '1.36' });
  assert.equal(asked.status, 406);
});

test('names, number and form of traits are checked, and nothing is changed then', async () => {
  const { uuid } = await api.createNode();
  const url = `/v1/nodes/${uuid}/traits`;
  const fifty = Array.from({ length: 50 }, (_, index) => `CUSTOM_${index}`);
  const longest = `CUSTOM_${'A'.repeat(248)}`;
  await api.ask('PUT', url, { body: { traits: [longest] } });

  const wrong = [
    { traits: [...fifty, 'CUSTOM_ONE_MORE'] },
    { traits: [`${longest}A`] },
    { traits: ['CUSTOM_lower'] },
    { traits: ['NOT_A_STANDARD_NAME'] },
    { traits: [1] },
    { traits: [null] },
    { traits: 'CUSTOM_A' },
    {},
    { traits: [], more: 1 },
    [],
    'CUSTOM_A',
  ];
  for (const body of wrong) {
    const answer = await api.ask('PUT', url, { body });
    assert.equal(answer.status, 400, JSON.stringify(body).slice(0, 80));
  }
  assert.equal((await api.ask('PUT', `${url}/CUSTOM_lower`)).status, 400);
  assert.equal((await api.ask('PUT', `${url}/CUSTOM_A`, { body: { traits: [] } })).status, 400);
  assert.deepEqual(await traitsOf(uuid), [longest]);

  assert.equal((await api.ask('PUT', url, { body: { traits: fifty } })).status, 204);
  const tooMany = await api.ask('PUT', `${url}/CUSTOM_ONE_MORE`);
  assert.equal(tooMany.status, 400);
  assert.match(tooMany.fault ?? '', /\(51 vs\. 50\)/);
  assert.equal((await api.ask('PUT', `${url}/CUSTOM_49`)).status, 204);
});

test('traits are no field that POST or PATCH of a node takes', async () => {
  const { uuid } = await api.createNode();
  const body = [{ op: 'add', path: '/traits/0', value: 'CUSTOM_A' }];

  assert.equal((await api.ask('PATCH', `/v1/nodes/${uuid}`, { body })).status, 400);
  const created = await api.ask('POST', '/v1/nodes', {
    body: { driver: 'fake-hardware', traits: ['CUSTOM_A'] },
  });
  assert.equal(created.status, 400);
});

test('below 1.37 each method is refused in its own way', async () => {
  const { uuid } = await api.createNode();
  const url = `/v1/nodes/${uuid}/traits`;
  const version = '1.36';
  const body = { traits: [] };

  assert.equal((await api.ask('GET', url, { version })).status, 406);
  assert.equal((await api.ask('PUT', url, { version, body })).status, 405);
  assert.equal((await api.ask('PUT', `${url}/CUSTOM_A`, { version })).status, 405);
  assert.equal((await api.ask('DELETE', url, { version })).status, 404);
  assert.equal((await api.ask('DELETE', `${url}/CUSTOM_A`, { version })).status, 404);
  for (const [method, status] of [
    ['GET', 200],
    ['PUT', 204],
    ['DELETE', 204],
  ] as const) {
    const answer = await api.ask(method, url, {
      version: '1.37',
      ...(method === 'PUT' ? { body } : {}),
    });
    assert.equal(answer.status, status);
  }
});

test('a locked node keeps its traits', async () => {
  const { uuid } = await api.createNode();
  const url = `/v1/nodes/${uuid}/traits`;
  await updateNode(api.parts.store.db, uuid as NodeUuid, { reservation: 'conductor-1' });

  for (const answer of [
    await api.ask('PUT', url, { body: { traits: ['CUSTOM_A'] } }),
    await api.ask('PUT', `${url}/CUSTOM_A`),
    await api.ask('DELETE', url),
    await api.ask('DELETE', `${url}/CUSTOM_A`),
  ]) {
    assert.equal(answer.status, 409);
    assert.match(answer.fault ?? '', /is locked by host conductor-1/);
  }
  assert.deepEqual(await traitsOf(uuid), []);
});

test('traits of an unknown node are not found', async () => {
  const url = `/v1/nodes/${randomUUID()}/traits`;

  assert.equal((await api.ask('GET', url)).status, 404);
  assert.equal((await api.ask('PUT', url, { body: { traits: [] } })).status, 404);
  assert.equal((await api.ask('DELETE', `${url}/CUSTOM_A`)).status, 404);
});

test('owner and lessee read, managers of the owner write, strangers see nothing', async () => {
  const { uuid } = await api.createNode({ owner: OWNER, lessee: LESSEE });
  const url = `/v1/nodes/${uuid}/traits`;
  const body = { traits: ['CUSTOM_A'] };
  const statuses = async (persona: Parameters<typeof as>[0]): Promise<number[]> => [
    (await api.ask('GET', url, as(persona))).status,
    (await api.ask('PUT', url, { body, ...as(persona) })).status,
    (await api.ask('PUT', `${url}/CUSTOM_B`, as(persona))).status,
    (await api.ask('DELETE', `${url}/CUSTOM_B`, as(persona))).status,
  ];

  assert.deepEqual(await statuses('system-member'), [200, 204, 204, 204]);
  assert.deepEqual(await statuses('owner-manager'), [200, 204, 204, 204]);
  assert.deepEqual(await statuses('owner-member'), [200, 403, 403, 403]);
  assert.deepEqual(await statuses('lessee-manager'), [200, 403, 403, 403]);
  assert.deepEqual(await statuses('system-reader'), [200, 403, 403, 403]);
  assert.deepEqual(await statuses('stranger-manager'), [404, 404, 404, 404]);
});
