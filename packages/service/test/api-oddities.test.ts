// Where the original answers oddly, what we answer instead: a defect of its becomes the refusal that it should have
// been, and what clients are used to stays.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { updateNode } from '#store/nodes';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type Answer, type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  api = await openApi();
});
after(() => api.close());

const manageable = async (): Promise<string> => {
  const { uuid } = await api.createNode();
  await updateNode(api.parts.store.db, uuid as NodeUuid, { provisionState: 'manageable' });
  return uuid;
};

describe('what the original fails at is refused', () => {
  const cases: readonly (readonly [string, number, () => Promise<Answer>])[] = [
    ['a body that is no JSON', 400, () => api.ask('POST', '/v1/nodes', { body: '{"driver":' })],
    [
      'a clean step without its name',
      400,
      async () => {
        const body = { target: 'clean', clean_steps: [{ interface: 'deploy' }] };
        return api.ask('PUT', `/v1/nodes/${await manageable()}/states/provision`, { body });
      },
    ],
    [
      'GET of the provision call',
      405,
      async () => api.ask('GET', `/v1/nodes/${await manageable()}/states/provision`),
    ],
    [
      'children below 1.83',
      404,
      async () => api.ask('GET', `/v1/nodes/${await manageable()}/children`, { version: '1.82' }),
    ],
    [
      'the removal of /maintenance',
      400,
      async () => {
        const body = [{ op: 'remove', path: '/maintenance' }];
        return api.ask('PATCH', `/v1/nodes/${await manageable()}`, { body });
      },
    ],
    [
      'an allocation for a node that is not active',
      409,
      async () => {
        const body = { node: await manageable(), resource_class: 'x' };
        return api.ask('POST', '/v1/allocations', { body });
      },
    ],
  ];
  for (const [what, status, ask] of cases) {
    test(`${what} is ${status}`, async () => {
      const answer = await ask();

      assert.equal(answer.status, status, answer.text);
    });
  }

  for (const method of ['GET', 'PUT'] as const) {
    test(`${method} of an indicator in two segments of the path is 400`, async () => {
      const path = `/v1/nodes/${await manageable()}/management/indicators/system/led`;

      const { status, fault } = await api.ask(method, path);

      assert.equal(status, 400);
      assert.match(fault ?? '', /NAME@COMPONENT/);
    });
  }
});

describe('what clients may rely on is as it was', () => {
  test('the nodes of a chassis are links in a list of their own', async () => {
    const { body } = await api.ask('POST', '/v1/chassis', { body: {} });

    assert.deepEqual(
      body.nodes[0].map(({ rel }: { readonly rel: string }) => rel),
      ['self', 'bookmark'],
    );
  });

  test('a name is not replaced by null, and is removed', async () => {
    const { uuid } = await api.createNode({ name: 'with-a-name' });
    const patch = (operation: object): Promise<Answer> =>
      api.ask('PATCH', `/v1/nodes/${uuid}`, { body: [operation] });

    const replaced = await patch({ op: 'replace', path: '/name', value: null });
    const removed = await patch({ op: 'remove', path: '/name' });

    assert.equal(replaced.status, 400);
    assert.equal(removed.status, 200);
    assert.equal(removed.body.name, null);
  });

  test('the two guards of bodies answer without the envelope', async () => {
    const deep = await api.ask('POST', '/v1/nodes', { body: '['.repeat(26) + ']'.repeat(26) });
    const large = await api.ask('POST', '/v1/nodes', { body: `"${'x'.repeat(1_100_000)}"` });

    assert.equal(deep.status, 400);
    assert.deepEqual(Object.keys(deep.body), ['faultcode', 'faultstring']);
    assert.equal(large.status, 413);
    assert.deepEqual(Object.keys(large.body), ['faultcode', 'faultstring']);
  });
});

describe('what does no harm to clients is mended', () => {
  test('ports, port groups and volumes of a node are listed by its name', async () => {
    const { uuid } = await api.createNode({ name: 'listed-by-name' });
    const address = '52:54:00:0d:d1:01';
    await api.ask('POST', '/v1/ports', { body: { node_uuid: uuid, address } });

    const { status, body } = await api.ask('GET', '/v1/nodes/listed-by-name/ports');
    const others = ['portgroups', 'volume', 'volume/connectors', 'volume/targets'];
    const statuses = await Promise.all(
      others.map(async (each) => (await api.ask('GET', `/v1/nodes/listed-by-name/${each}`)).status),
    );

    assert.equal(status, 200);
    assert.deepEqual(
      body.ports.map((port: { readonly address: string }) => port.address),
      [address],
    );
    assert.deepEqual(statuses, [200, 200, 200, 200]);
  });

  test('the next page is of the same list: its filters are kept', async () => {
    for (let at = 0; at < 3; at += 1) await api.createNode({ resource_class: 'paged', owner: 'o' });
    await api.createNode({ resource_class: 'other' });

    let url: string | undefined = '/v1/nodes?limit=2&resource_class=paged&owner=o';
    let seen = 0;
    while (url !== undefined) {
      const { body }: Answer = await api.ask('GET', url);
      seen += body.nodes.length;
      const next = body.next === undefined ? undefined : new URL(body.next);
      url = next === undefined ? undefined : next.pathname + next.search;
    }

    assert.equal(seen, 3);
  });

  test('a page of the nodes of one conductor is full while there are more', async () => {
    const { body: all } = await api.ask('GET', '/v1/nodes?conductor=conductor-1');
    assert.ok(all.nodes.length > 2);

    const { body } = await api.ask('GET', '/v1/nodes?conductor=conductor-1&limit=2');
    const { body: none } = await api.ask('GET', '/v1/nodes?conductor=another');

    assert.equal(body.nodes.length, 2);
    assert.match(body.next, /conductor=conductor-1/);
    assert.deepEqual(none.nodes, []);
  });

  test('the links of an inspection rule lead to it', async () => {
    const { body } = await api.ask('POST', '/v1/inspection_rules', {
      body: { actions: [{ op: 'log', args: { msg: 'x' } }] },
    });

    const { status } = await api.ask('GET', new URL(body.links[0].href).pathname);

    assert.equal(status, 200);
  });

  test('a version that cannot be read is 406, and says which there are', async () => {
    const { status, fault, headers } = await api.ask('GET', '/v1/nodes', { version: 'abc' });

    assert.equal(status, 406);
    assert.match(fault ?? '', /Invalid value for/);
    assert.equal(headers['x-openstack-ironic-api-maximum-version'], '1.115');
  });
});
