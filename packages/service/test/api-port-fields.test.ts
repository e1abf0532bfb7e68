// Every key of ports and port groups: hidden below its version, there from it on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { PORT } from '@bessemer/protocol/port/fields';
import { PORTGROUP } from '@bessemer/protocol/portgroup/fields';
import {
  fieldNames,
  fieldOf,
  fieldSince,
  type ResourceTable,
} from '@bessemer/protocol/resource/fields';

import { type Api, openApi } from './api/with-api.ts';

const SINCE: { readonly [collection: string]: { readonly [name: string]: number } } = {
  ports: {
    uuid: 1,
    address: 1,
    node_uuid: 1,
    extra: 1,
    created_at: 1,
    updated_at: 1,
    links: 1,
    internal_info: 18,
    local_link_connection: 19,
    pxe_enabled: 19,
    portgroup_uuid: 24,
    physical_network: 34,
    is_smartnic: 53,
    name: 88,
    description: 97,
    vendor: 100,
    category: 101,
    available_for_dynamic_portgroup: 111,
  },
  portgroups: {
    uuid: 23,
    name: 23,
    address: 23,
    node_uuid: 23,
    extra: 23,
    internal_info: 23,
    standalone_ports_supported: 23,
    ports: 23,
    created_at: 23,
    updated_at: 23,
    links: 23,
    mode: 26,
    properties: 26,
    physical_network: 102,
    category: 103,
    dynamic_portgroup: 111,
  },
};

/** Something that each writable key takes. */
const VALUES: { readonly [name: string]: unknown } = {
  address: '52:54:00:00:00:99',
  name: 'some-name',
  extra: { a: 1 },
  properties: { a: 1 },
  mode: '802.3ad',
  local_link_connection: {},
  pxe_enabled: false,
  portgroup_uuid: null,
  physical_network: 'physnet1',
  is_smartnic: false,
  description: 'x',
  vendor: 'x',
  category: 'x',
  available_for_dynamic_portgroup: false,
  standalone_ports_supported: false,
};

let api: Api;
let node: string;
const made: { [collection: string]: string } = {};
before(async () => {
  api = await openApi();
  node = (await api.createNode()).uuid;
  for (const collection of ['ports', 'portgroups']) {
    const { body } = await api.ask('POST', `/v1/${collection}`, {
      body: { node_uuid: node, address: '52:54:00:00:00:01' },
    });
    made[collection] = body.uuid;
  }
});
after(() => api.close());

const TABLES: readonly ResourceTable[] = [PORT, PORTGROUP];

test('the field tables have the fields of the contract, each since the same version', () => {
  for (const table of TABLES) {
    const ours = Object.fromEntries(
      fieldNames(table).map((name) => [name, fieldSince(table, name)]),
    );

    assert.deepEqual(ours, SINCE[table.collection], table.noun);
  }
});

test('a full object shows exactly the fields of its version, at every version', async () => {
  for (const table of TABLES) {
    const since = SINCE[table.collection] ?? {};
    for (let minor = since['uuid'] ?? 1; minor <= 115; minor += 1) {
      const version = `1.${minor}`;
      const path = `/v1/${table.collection}`;
      const { body } = await api.ask('GET', `${path}/${made[table.collection]}`, { version });
      const detail = await api.ask('GET', `${path}/detail`, { version });

      const expected = Object.keys(since).filter((name) => (since[name] ?? 0) <= minor);
      assert.deepEqual(Object.keys(body).sort(), expected.sort(), `${table.noun} ${version}`);
      assert.deepEqual(detail.body[table.collection], [body]);
    }
  }
});

test('a field asked for or sorted by below its version is 406, and given from it on', async () => {
  for (const table of TABLES) {
    const since = SINCE[table.collection] ?? {};
    const newer = fieldNames(table).filter((name) => (since[name] ?? 0) > (since['uuid'] ?? 0));
    for (const name of newer.filter((each) => (since[each] ?? 0) > 8)) {
      const at = since[name] ?? 0;
      const ask = async (query: string, minor: number): Promise<number> =>
        (await api.ask('GET', `/v1/${table.collection}?${query}`, { version: `1.${minor}` }))
          .status;

      assert.deepEqual(
        [await ask(`fields=${name}`, at - 1), await ask(`fields=${name}`, at)],
        [406, 200],
        name,
      );
      const sorted = [await ask(`sort_key=${name}`, at - 1), await ask(`sort_key=${name}`, at)];
      assert.deepEqual(sorted, fieldOf(table, name).isSortable ? [406, 200] : [400, 400], name);
    }
  }
});

test('a field written below its version is 406, in new objects and in patches', async () => {
  for (const table of TABLES) {
    const since = SINCE[table.collection] ?? {};
    const newer = fieldNames(table).filter(
      (name) => name in VALUES && (since[name] ?? 0) > (since['uuid'] ?? 0),
    );
    assert.ok(newer.length >= 4);
    for (const name of newer) {
      const write = async (minor: number): Promise<readonly number[]> => {
        const version = `1.${minor}`;
        const body = { node_uuid: node, address: '52:54:00:00:00:55', [name]: VALUES[name] };
        const created = await api.ask('POST', `/v1/${table.collection}`, { version, body });
        if (created.status === 201) {
          await api.ask('DELETE', `/v1/${table.collection}/${created.body.uuid}`);
        }
        const own = `/v1/${table.collection}/${made[table.collection]}`;
        const patched = await api.ask('PATCH', own, {
          version,
          body: [{ op: 'add', path: `/${name}`, value: VALUES[name] }],
        });
        return [created.status, patched.status];
      };

      const at = since[name] ?? 0;
      assert.deepEqual(await write(at - 1), [406, 406], `${table.noun} ${name}`);
      assert.deepEqual(await write(at), [201, 200], `${table.noun} ${name}`);
    }
  }
});

test('a field newer than the version may still be removed', async () => {
  const { status } = await api.ask('PATCH', `/v1/ports/${made['ports']}`, {
    version: '1.20',
    body: [{ op: 'remove', path: '/name' }],
  });

  assert.equal(status, 200);
});

const FILTERS: readonly (readonly [string, number])[] = [
  ['ports?portgroup=none', 24],
  ['ports?shard=x', 82],
  ['ports?conductor_groups=x', 99],
  ['portgroups?conductor_groups=x', 99],
  ['portgroups?shard=x', 106],
];

test('a filter below its version is 406', async () => {
  for (const [path, minor] of FILTERS) {
    const below = await api.ask('GET', `/v1/${path}`, { version: `1.${minor - 1}` });
    const at = await api.ask('GET', `/v1/${path}`, { version: `1.${minor}` });

    assert.equal(below.status, 406, path);
    assert.notEqual(at.status, 406, path);
  }
});

test('port groups are 404 for every method below 1.23, and below nodes and themselves below 1.24', async () => {
  const group = made['portgroups'] ?? '';
  const gone: readonly (readonly [string, string])[] = [
    ['1.22', '/v1/portgroups'],
    ['1.22', '/v1/portgroups/detail'],
    ['1.22', `/v1/portgroups/${group}`],
    ['1.23', `/v1/portgroups/${group}/ports`],
    ['1.23', `/v1/portgroups/${group}/ports/detail`],
    ['1.23', `/v1/nodes/${node}/portgroups`],
    ['1.23', `/v1/nodes/${node}/portgroups/detail`],
    ['1.27', `/v1/nodes/${node}/vifs`],
    ['1.27', `/v1/nodes/${node}/vifs/x`],
  ];
  for (const [version, url] of gone) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} };
      const { status } = await api.ask(method, url, { version, ...body });

      assert.equal(status, 404, `${method} ${url} at ${version}`);
    }
  }
});

test('at their version the methods that they do not have are 405', async () => {
  const put = await api.ask('PUT', '/v1/portgroups', { version: '1.23', body: {} });
  const post = await api.ask('POST', `/v1/nodes/${node}/portgroups`, { version: '1.24', body: {} });

  assert.deepEqual([put.status, post.status], [405, 405]);
});
