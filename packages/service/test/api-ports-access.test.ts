// Whose ports and port groups somebody may see and change: those of the nodes that they may, in lists as in paths.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { as, authenticatePersona, LESSEE, OWNER, type Persona, STRANGER } from './api/personas.ts';
import { type Answer, type Api, openApi } from './api/with-api.ts';

const NOBODY = '11111111-2222-4333-8444-555555555555';
const COLLECTIONS = ['ports', 'portgroups'] as const;
type Collection = (typeof COLLECTIONS)[number];

let api: Api;
/** The node of the owner, leased to the lessee; another of the owner; one of a stranger; one of nobody. */
let nodes: { leased: string; own: string; foreign: string; free: string };
let made: { [node: string]: { readonly [collection in Collection]: string } };

before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
});
after(() => api.close());

let addresses = 0;
const newMac = (): string => {
  addresses += 1;
  return `52:54:00:00:${String(Math.floor(addresses / 100) % 100).padStart(2, '0')}:${String(addresses % 100).padStart(2, '0')}`;
};

beforeEach(async () => {
  for (const table of ['port', 'portgroup', 'node'] as const) {
    await api.parts.store.db.deleteFrom(table).execute();
  }
  const create = async (more: object): Promise<string> => (await api.createNode(more)).uuid;
  nodes = {
    leased: await create({ owner: OWNER, lessee: LESSEE, shard: 'one' }),
    own: await create({ owner: OWNER }),
    foreign: await create({ owner: STRANGER, shard: 'one' }),
    free: await create({ shard: 'one' }),
  };
  made = {};
  for (const [name, node] of Object.entries(nodes)) {
    const of: { [collection: string]: string } = {};
    for (const collection of COLLECTIONS) {
      const body = { node_uuid: node, name: `${collection}-${name}`, address: newMac() };
      of[collection] = (await api.ask('POST', `/v1/${collection}`, { body })).body.uuid;
    }
    made[name] = of as { readonly [collection in Collection]: string };
  }
});

const objectOf = (node: keyof typeof nodes, collection: Collection): string =>
  made[node]?.[collection] ?? '';

const listed = async (persona: Persona, url: string, collection: Collection): Promise<unknown> => {
  const answer = await api.ask('GET', url, as(persona));
  if (answer.status !== 200) return answer.status;
  return answer.body[collection].map(({ uuid }: { readonly uuid: string }) => uuid).sort();
};

const LISTED: readonly (readonly [Persona, readonly (keyof typeof nodes)[]])[] = [
  ['system-reader', ['leased', 'own', 'foreign', 'free']],
  ['owner-reader', ['leased', 'own']],
  ['lessee-reader', ['leased']],
  ['stranger-reader', ['foreign']],
];

test('lists hold what is on nodes that the caller owns or leases, whatever they are filtered by', async () => {
  for (const collection of COLLECTIONS) {
    for (const [persona, seen] of LISTED) {
      const expected = (among: readonly (keyof typeof nodes)[]): readonly string[] =>
        seen
          .filter((node) => among.includes(node))
          .map((node) => objectOf(node, collection))
          .sort();
      const all = ['leased', 'own', 'foreign', 'free'] as const;

      for (const path of [collection, `${collection}/detail`]) {
        const what = `${persona} ${path}`;
        assert.deepEqual(await listed(persona, `/v1/${path}`, collection), expected(all), what);
        assert.deepEqual(
          await listed(persona, `/v1/${path}?shard=one`, collection),
          expected(['leased', 'foreign', 'free']),
          what,
        );
        assert.deepEqual(
          await listed(persona, `/v1/${path}?limit=1&sort_key=name`, collection),
          expected(all).filter((uuid) => uuid === objectOf(firstByName(seen), collection)),
          what,
        );
      }
    }
  }
});

const firstByName = (seen: readonly (keyof typeof nodes)[]): keyof typeof nodes =>
  [...seen].sort()[0] as keyof typeof nodes;

test('asking by address or by name of an invisible node finds nothing', async () => {
  for (const collection of COLLECTIONS) {
    const { body } = await api.ask('GET', `/v1/${collection}/${objectOf('foreign', collection)}`);

    const byAddress = `/v1/${collection}?address=${body.address}`;
    assert.deepEqual(await listed('owner-reader', byAddress, collection), []);
    assert.deepEqual(
      await listed('owner-reader', `/v1/${collection}?node=${nodes.foreign}`, collection),
      404,
    );
    assert.deepEqual(
      await listed('owner-reader', `/v1/nodes/${nodes.foreign}/${collection}`, collection),
      404,
    );
  }
  const group = objectOf('foreign', 'portgroups');
  assert.deepEqual(await listed('owner-reader', `/v1/ports?portgroup=${group}`, 'ports'), 404);
  assert.deepEqual(await listed('owner-reader', `/v1/portgroups/${group}/ports`, 'ports'), 404);
});

test('what is on an invisible node is answered exactly like what is not there', async () => {
  for (const collection of COLLECTIONS) {
    for (const node of ['foreign', 'free'] as const) {
      const uuid = objectOf(node, collection);
      for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
        const ask = (ident: string): Promise<Answer> =>
          api.ask(method, `/v1/${collection}/${ident}`, {
            ...as('owner-manager'),
            ...(method === 'PATCH' ? { body: [{ op: 'add', path: '/extra/a', value: 1 }] } : {}),
          });

        const hidden = await ask(uuid);
        const absent = await ask(NOBODY);

        assert.equal(hidden.status, 404, `${method} ${collection}`);
        assert.equal(hidden.text.replaceAll(uuid, NOBODY), absent.text);
      }
    }
  }
});

const WRITES: readonly (readonly [Persona, number, number, number])[] = [
  // create, change, delete
  ['system-admin', 201, 200, 204],
  ['system-member', 403, 200, 403],
  ['system-reader', 403, 403, 403],
  ['owner-manager', 201, 200, 204],
  ['owner-member', 403, 403, 403],
  ['owner-reader', 403, 403, 403],
  ['lessee-manager', 403, 403, 403],
  ['lessee-reader', 403, 403, 403],
  ['stranger-manager', 403, 404, 404],
];

test('who sees a node and may not change its ports is refused, and nothing is done', async () => {
  for (const [persona, create, change, remove] of WRITES) {
    for (const collection of COLLECTIONS) {
      const path = `/v1/${collection}`;
      const body = { node_uuid: nodes.leased, address: newMac() };
      const created = await api.ask('POST', path, { ...as(persona), body });
      const target = (await api.ask('POST', path, { body: { ...body, address: newMac() } })).body;
      const changed = await api.ask('PATCH', `${path}/${target.uuid}`, {
        ...as(persona),
        body: [{ op: 'add', path: '/extra/a', value: 1 }],
      });
      const removed = await api.ask('DELETE', `${path}/${target.uuid}`, as(persona));

      const statuses = [created.status, changed.status, removed.status];
      assert.deepEqual(statuses, [create, change, remove], `${persona} ${collection}`);
      const left = await api.ask('GET', `${path}/${target.uuid}`);
      assert.equal(left.status, remove === 204 ? 404 : 200);
    }
  }
});

test('a project cannot tell a foreign node from none by making ports on them', async () => {
  for (const collection of COLLECTIONS) {
    const ask = (node: string): Promise<Answer> =>
      api.ask('POST', `/v1/${collection}`, {
        ...as('owner-manager'),
        body: { node_uuid: node, address: newMac() },
      });

    const foreign = await ask(nodes.foreign);
    const absent = await ask(NOBODY);

    assert.equal(foreign.status, 403);
    assert.equal(foreign.text, absent.text);
  }
});

test('whoever may create anywhere is told that the node is not there', async () => {
  const { status, fault } = await api.ask('POST', '/v1/ports', {
    ...as('system-admin'),
    body: { node_uuid: NOBODY, address: newMac() },
  });

  assert.equal(status, 400);
  assert.equal(fault, `Node ${NOBODY} could not be found.`);
});

test('T-52: nothing moves to a node of another owner, nor away from one, and all get the same answer', async () => {
  for (const collection of COLLECTIONS) {
    const move = (persona: Persona, from: keyof typeof nodes, to: string): Promise<Answer> =>
      api.ask('PATCH', `/v1/${collection}/${objectOf(from, collection)}`, {
        ...as(persona),
        body: [{ op: 'replace', path: '/node_uuid', value: to }],
      });

    const toForeign = await move('owner-manager', 'own', nodes.foreign);
    const toNobody = await move('owner-manager', 'own', NOBODY);
    const toFree = await move('owner-manager', 'own', nodes.free);
    const byAdmin = await move('system-admin', 'own', nodes.foreign);
    const stolen = await move('owner-manager', 'foreign', nodes.own);
    const toOwn = await move('owner-manager', 'own', nodes.leased);

    assert.deepEqual(
      [toForeign, toNobody, toFree, byAdmin, stolen, toOwn].map(({ status }) => status),
      [400, 400, 400, 400, 404, 200],
      collection,
    );
    assert.equal(toForeign.text.replaceAll(nodes.foreign, NOBODY), toNobody.text);
  }
});

test('T-52: a port joins no group of an invisible node, and is not told that there is one', async () => {
  const join = (group: string): Promise<Answer> =>
    api.ask('PATCH', `/v1/ports/${objectOf('own', 'ports')}`, {
      ...as('owner-manager'),
      body: [{ op: 'add', path: '/portgroup_uuid', value: group }],
    });

  const foreign = objectOf('foreign', 'portgroups');
  const hidden = await join(foreign);
  const absent = await join(NOBODY);

  assert.equal(hidden.status, 400);
  assert.equal(hidden.text.replaceAll(foreign, NOBODY), absent.text);
});

const VIFS: readonly (readonly [Persona, number, number, number])[] = [
  // list, attach, detach
  ['system-member', 200, 204, 204],
  ['system-reader', 200, 403, 403],
  ['owner-member', 200, 204, 204],
  ['owner-reader', 200, 403, 403],
  ['lessee-manager', 200, 204, 204],
  ['lessee-member', 200, 403, 403],
  ['stranger-manager', 404, 404, 404],
];

test('VIFs are listed, attached and detached by those who may', async () => {
  const path = `/v1/nodes/${nodes.leased}/vifs`;
  for (const [persona, list, attach, detach] of VIFS) {
    const listed = await api.ask('GET', path, as(persona));
    const attached = await api.ask('POST', path, { ...as(persona), body: { id: 'vif' } });
    if (attach !== 204) await api.ask('POST', path, { body: { id: 'vif' } });
    const detached = await api.ask('DELETE', `${path}/vif`, as(persona));

    const statuses = [listed.status, attached.status, detached.status];
    assert.deepEqual(statuses, [list, attach, detach], persona);
    await api.ask('DELETE', `${path}/vif`);
  }
});
