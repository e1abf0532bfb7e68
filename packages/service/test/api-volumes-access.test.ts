// Whose volumes somebody may see and change: those of the nodes that they may.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { updateNode } from '#store/nodes';

import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { as, authenticatePersona, LESSEE, OWNER, type Persona, STRANGER } from './api/personas.ts';
import { type Answer, type Api, openApi } from './api/with-api.ts';

const NOBODY = '11111111-2222-4333-8444-555555555555';
const LISTS = ['connectors', 'targets'] as const;
type List = (typeof LISTS)[number];
const NODES = ['leased', 'own', 'foreign', 'free'] as const;
type Place = (typeof NODES)[number];

let api: Api;
let nodes: Record<Place, string>;
let made: Record<Place, Record<List, string>>;

before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
});
after(() => api.close());

let counted = 0;
const bodyOf = (list: List, node: string): object => {
  counted += 1;
  return list === 'connectors'
    ? { node_uuid: node, type: 'iqn', connector_id: `iqn.${counted}` }
    : {
        node_uuid: node,
        volume_type: 'iscsi',
        volume_id: 'v',
        boot_index: counted,
        properties: { auth_username: 'shown', auth_password: 'CANARY' },
      };
};

const makeVolume = async (list: List, node: string): Promise<string> => {
  const answer = await api.ask('POST', `/v1/volume/${list}`, { body: bodyOf(list, node) });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.uuid;
};

beforeEach(async () => {
  for (const table of ['volume_connector', 'volume_target', 'node'] as const) {
    await api.parts.store.db.deleteFrom(table).execute();
  }
  const create = async (more: object): Promise<string> => {
    const { uuid } = await api.createNode(more);
    const powerState = 'power off';
    await updateNode(api.parts.store.db, asNodeUuid(uuid) as NodeUuid, { powerState });
    return uuid;
  };
  nodes = {
    leased: await create({ owner: OWNER, lessee: LESSEE }),
    own: await create({ owner: OWNER }),
    foreign: await create({ owner: STRANGER }),
    free: await create({}),
  };
  made = {} as typeof made;
  for (const place of NODES) {
    const node = nodes[place];
    made[place] = {
      connectors: await makeVolume('connectors', node),
      targets: await makeVolume('targets', node),
    };
  }
});

const SEEN: readonly (readonly [Persona, readonly Place[]])[] = [
  ['system-reader', NODES],
  ['owner-reader', ['leased', 'own']],
  ['lessee-reader', ['leased']],
  ['stranger-reader', ['foreign']],
];

test('lists hold what is on nodes that the caller owns or leases, and paging keeps to it', async () => {
  for (const list of LISTS) {
    for (const [persona, seen] of SEEN) {
      const uuids = async (query: string): Promise<readonly string[]> => {
        const { body } = await api.ask('GET', `/v1/volume/${list}${query}`, as(persona));
        return body[list].map((each: { readonly uuid: string }) => each.uuid);
      };
      const expected = seen.map((place) => made[place][list]);
      assert.deepEqual(await uuids(''), expected, `${persona} ${list}`);
      assert.deepEqual(await uuids('?detail=true&limit=1'), expected.slice(0, 1));
    }
    for (const url of [
      `/v1/volume/${list}?node=${nodes.foreign}`,
      `/v1/nodes/${nodes.foreign}/volume/${list}`,
    ]) {
      assert.equal((await api.ask('GET', url, as('owner-reader'))).status, 404, url);
    }
  }
  assert.equal((await api.ask('GET', '/v1/volume', as('owner-reader'))).status, 200);
  const ofForeign = await api.ask('GET', `/v1/nodes/${nodes.foreign}/volume`, as('owner-reader'));
  assert.equal(ofForeign.status, 404);
});

test('a volume of an invisible node is answered exactly like one that is not there', async () => {
  for (const list of LISTS) {
    for (const place of ['foreign', 'free'] as const) {
      for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
        const uuid = made[place][list];
        const body = [{ op: 'add', path: '/extra/a', value: 1 }];
        const ask = (ident: string): Promise<Answer> =>
          api.ask(method, `/v1/volume/${list}/${ident}`, {
            ...as('owner-manager'),
            ...(method === 'PATCH' ? { body } : {}),
          });
        const hidden = await ask(uuid);
        const absent = await ask(NOBODY);
        assert.equal(hidden.status, 404, `${method} ${list}`);
        assert.equal(hidden.text.replaceAll(uuid, NOBODY), absent.text);
      }
    }
  }
});

const WRITES: readonly (readonly [Persona, number, number, number])[] = [
  // create, change, delete
  ['system-admin', 201, 200, 204],
  ['system-member', 201, 200, 204],
  ['system-reader', 403, 403, 403],
  ['owner-manager', 201, 200, 204],
  ['owner-member', 403, 200, 403],
  ['owner-reader', 403, 403, 403],
  ['lessee-manager', 201, 200, 204],
  ['lessee-member', 403, 403, 403],
  ['stranger-manager', 403, 404, 404],
];

test('who sees a node and may not change its volumes is refused, and nothing is done', async () => {
  for (const [persona, create, change, remove] of WRITES) {
    for (const list of LISTS) {
      const path = `/v1/volume/${list}`;
      const uuid = await makeVolume(list, nodes.leased);
      const created = await api.ask('POST', path, {
        ...as(persona),
        body: bodyOf(list, nodes.leased),
      });
      const changed = await api.ask('PATCH', `${path}/${uuid}`, {
        ...as(persona),
        body: [{ op: 'add', path: '/extra/a', value: 1 }],
      });
      const removed = await api.ask('DELETE', `${path}/${uuid}`, as(persona));

      const statuses = [created.status, changed.status, removed.status];
      assert.deepEqual(statuses, [create, change, remove], `${persona} ${list}`);
      const left = await api.ask('GET', `${path}/${uuid}`);
      assert.equal(left.status, remove === 204 ? 404 : 200);
    }
  }
});

test('a project cannot tell a foreign node from none by making volumes on them', async () => {
  for (const list of LISTS) {
    const ask = (node: string): Promise<Answer> =>
      api.ask('POST', `/v1/volume/${list}`, { ...as('owner-manager'), body: bodyOf(list, node) });
    const foreign = await ask(nodes.foreign);
    const absent = await ask(NOBODY);
    assert.equal(foreign.status, 403);
    assert.equal(foreign.text, absent.text);
  }
});

test('T-52: no volume moves to a node of another owner, whether that is there or not', async () => {
  for (const list of LISTS) {
    const move = (persona: Persona, to: string): Promise<Answer> =>
      api.ask('PATCH', `/v1/volume/${list}/${made.leased[list]}`, {
        ...as(persona),
        body: [{ op: 'replace', path: '/node_uuid', value: to }],
      });
    const foreign = await move('owner-manager', nodes.foreign);
    const absent = await move('owner-manager', NOBODY);
    assert.equal(foreign.status, 400);
    assert.equal(foreign.text.replaceAll(nodes.foreign, NOBODY), absent.text);
    assert.equal((await move('system-admin', nodes.foreign)).status, 400);
    assert.equal((await move('lessee-manager', nodes.own)).status, 400);
    const { body } = await api.ask('GET', `/v1/volume/${list}/${made.leased[list]}`);
    assert.equal(body.node_uuid, nodes.leased);
    assert.equal((await move('owner-manager', nodes.own)).status, 200);
  }
});

const REDACTED = {
  redacted_contents:
    '** Value redacted: Requires permission baremetal:volume:view_target_properties access. ' +
    'Permission denied. **',
};

test('properties of targets are for those who may see them, and without secrets for all', async () => {
  const place = `/v1/volume/targets/${made.leased.targets}`;
  const masked = { auth_username: 'shown', auth_password: '******' };
  for (const [persona, expected] of [
    ['system-reader', masked],
    ['owner-reader', REDACTED],
    ['owner-manager', REDACTED],
    ['lessee-reader', REDACTED],
  ] as const) {
    const one = await api.ask('GET', place, as(persona));
    const list = await api.ask('GET', '/v1/volume/targets?fields=properties', as(persona));
    assert.deepEqual(one.body.properties, expected, persona);
    assert.deepEqual(list.body.targets[0].properties, expected, persona);
  }
  const patched = await api.ask('PATCH', place, {
    ...as('owner-manager'),
    body: [{ op: 'add', path: '/extra/a', value: 1 }],
  });
  assert.deepEqual(patched.body.properties, REDACTED);
});
