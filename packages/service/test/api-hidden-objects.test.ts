// What is another project's does not exist: no answer, whatever its form, tells it apart from what was never there.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { as, authenticatePersona, LESSEE, OWNER, type Persona } from './api/personas.ts';
import { type Answer, type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
});
after(() => api?.close());

const post = async (url: string, body: object): Promise<string> => {
  const answer = await api.ask('POST', url, { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.uuid;
};

const makeNode = async (body: object): Promise<string> => (await api.createNode(body)).uuid;

const STEPS = [{ interface: 'deploy', step: 'x', args: {}, order: 1 }];

/** The answer without what the caller said. */
const without = (ident: string, { status, text }: Answer): string =>
  `${status} ${text.replaceAll(ident, 'IDENT')}`;

const get = (url: string, persona: Persona): Promise<Answer> => api.ask('GET', url, as(persona));

test('a name of another project is as unknown as a name that nobody gave', async () => {
  const node = await makeNode({ name: 'hidden-node', owner: OWNER });
  await post('/v1/ports', {
    node_uuid: node,
    address: '52:54:00:00:aa:01',
    name: 'hidden-port',
  });
  await post('/v1/portgroups', { node_uuid: node, name: 'hidden-portgroup' });
  await post('/v1/allocations', { resource_class: 'x', name: 'hidden-allocation', owner: OWNER });
  await post('/v1/runbooks', { name: 'hidden-runbook', owner: OWNER, steps: STEPS });

  for (const [collection, name] of [
    ['nodes', 'hidden-node'],
    ['ports', 'hidden-port'],
    ['portgroups', 'hidden-portgroup'],
    ['allocations', 'hidden-allocation'],
    ['runbooks', 'hidden-runbook'],
  ] as const) {
    for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
      // Ports are deleted by UUID only.
      if (method === 'DELETE' && collection === 'ports') continue;
      const body = method === 'PATCH' ? { body: [] } : {};
      const ask = (ident: string): Promise<Answer> =>
        api.ask(method, `/v1/${collection}/${ident}`, { ...as('stranger-manager'), ...body });

      const hidden = await ask(name);
      const unknown = await ask('nobody-gave-this');

      assert.equal(hidden.status, 404, `${method} ${name}`);
      assert.equal(without(name, hidden), without('nobody-gave-this', unknown));
    }
  }
});

test('a UUID of another project in capitals is as unknown as any other', async () => {
  const node = await makeNode({ owner: OWNER });
  const unknown = randomUUID().toUpperCase();
  for (const [url, hidden] of [
    ['/v1/ports', await post('/v1/ports', { node_uuid: node, address: '52:54:00:00:aa:02' })],
    ['/v1/allocations', await post('/v1/allocations', { resource_class: 'x', owner: OWNER })],
    ['/v1/nodes', node],
  ] as const) {
    const ident = hidden.toUpperCase();
    assert.equal(
      without(ident, await get(`${url}/${ident}`, 'stranger-reader')),
      without(unknown, await get(`${url}/${unknown}`, 'stranger-reader')),
    );
  }
});

test('what a list does not show cannot be its marker', async () => {
  const hidden = await makeNode({ name: 'n-marker', owner: OWNER });
  const shown = await makeNode({ name: 'm-marker', owner: LESSEE });
  const owned = async (node: string, end: string): Promise<readonly (readonly string[])[]> => [
    ['ports', await post('/v1/ports', { node_uuid: node, address: `52:54:00:00:bb:${end}` })],
    ['portgroups', await post('/v1/portgroups', { node_uuid: node })],
    [
      'volume/connectors',
      await post('/v1/volume/connectors', { node_uuid: node, type: 'iqn', connector_id: end }),
    ],
    [
      'volume/targets',
      await post('/v1/volume/targets', {
        node_uuid: node,
        volume_type: 'iscsi',
        volume_id: end,
        boot_index: 0,
      }),
    ],
  ];
  const ofProject = async (
    owner: string,
    name: string,
  ): Promise<readonly (readonly string[])[]> => [
    ['allocations', await post('/v1/allocations', { resource_class: 'x', owner })],
    ['runbooks', await post('/v1/runbooks', { name, owner, steps: STEPS })],
  ];
  const theirs = [
    ['nodes', hidden],
    ...(await owned(hidden, '01')),
    ...(await ofProject(OWNER, 'r-1')),
  ];
  const mine = [
    ['nodes', shown],
    ...(await owned(shown, '02')),
    ...(await ofProject(LESSEE, 'r-2')),
  ];

  for (const [index, [collection, uuid = '']] of theirs.entries()) {
    const ask = (marker: string): Promise<Answer> =>
      get(`/v1/${collection}?marker=${marker}&sort_key=created_at`, 'lessee-reader');
    const unknown = randomUUID();

    assert.equal(without(uuid, await ask(uuid)), without(unknown, await ask(unknown)), collection);
    assert.equal((await ask(mine[index]?.[1] ?? '')).status, 200, collection);
  }
});

test('a page may begin after what has changed so that the list does not show it any more', async () => {
  const first = await makeNode({ name: 'page-1', owner: LESSEE, resource_class: 'paged' });
  const second = await makeNode({ name: 'page-2', owner: LESSEE, resource_class: 'paged' });
  await api.ask('PATCH', `/v1/nodes/${first}`, {
    body: [{ op: 'replace', path: '/resource_class', value: 'other' }],
  });

  const next = await get(`/v1/nodes?resource_class=paged&marker=${first}`, 'lessee-reader');

  assert.deepEqual(
    next.body.nodes.map((node: { uuid: string }) => node.uuid),
    [second],
  );
});
