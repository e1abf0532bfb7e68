// Every field and feature of the contract's tables: hidden below its version, there from it on.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { FEATURES } from '@bessemer/protocol/microversion/features';
import { NODE_FIELDS } from '@bessemer/protocol/node/fields';
import { PORT_FIELDS } from '@bessemer/protocol/port/fields';

import { type Api, openApi } from './api/with-api.ts';

type FieldRow = { readonly since: string; readonly writable: string; readonly shown: string };

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../test/fixtures/${name}.json`, import.meta.url), 'utf8'));
const CONTRACT = fixture('node-fields') as {
  readonly fields: { readonly [name: string]: FieldRow };
  readonly unsortable: readonly string[];
};
const VERSIONS = fixture('microversions') as { readonly versions: object };
const minorOf = (version: string): number => Number(version.slice('1.'.length));

let api: Api;
let node: { readonly uuid: string };

before(async () => {
  api = await openApi();
  node = await api.createNode({ name: 'n1' });
});
after(() => api.close());

test('the field table has the fields of the contract, each since the same version', () => {
  const ours = Object.fromEntries(
    Object.entries(NODE_FIELDS).map(([name, field]) => [name, `1.${FEATURES[field.since].since}`]),
  );

  const contract = Object.fromEntries(
    Object.entries(CONTRACT.fields).map(([name, row]) => [name, row.since]),
  );
  assert.deepEqual(ours, contract);
});

test('the feature table has one row for each version of the contract', () => {
  const ours = Object.values(FEATURES).map(({ since }) => `1.${since}`);

  assert.deepEqual(ours, Object.keys(VERSIONS.versions));
});

test('a full node shows exactly the fields of its version, at every version', async () => {
  for (let minor = 1; minor <= 115; minor += 1) {
    const { body, headers } = await api.ask('GET', `/v1/nodes/${node.uuid}`, {
      version: `1.${minor}`,
    });

    const expected = Object.entries(CONTRACT.fields)
      .filter(([, row]) => minorOf(row.since) <= minor)
      .map(([name]) => name);
    assert.deepEqual(Object.keys(body).sort(), expected.sort(), `1.${minor}`);
    assert.equal(headers['x-openstack-ironic-api-version'], `1.${minor}`);
  }
});

test('the short list shows the short fields, name from 1.5 on', async () => {
  const short = Object.entries(CONTRACT.fields)
    .filter(([, row]) => row.shown === 'summary+detail' || row.shown === 'always')
    .map(([name]) => name)
    .sort();

  const at5 = await api.ask('GET', '/v1/nodes', { version: '1.5' });
  const at4 = await api.ask('GET', '/v1/nodes', { version: '1.4' });

  assert.deepEqual(Object.keys(at5.body.nodes[0]).sort(), short);
  assert.deepEqual(
    Object.keys(at4.body.nodes[0]).sort(),
    short.filter((name) => name !== 'name'),
  );
});

test('a field asked for below its version is 406, and shown from it on', async () => {
  const askable = Object.entries(CONTRACT.fields).filter(
    ([name, row]) =>
      minorOf(row.since) > 8 && !['ports', 'states', 'portgroups', 'volume'].includes(name),
  );
  assert.ok(askable.length > 30);

  for (const [name, row] of askable) {
    const minor = minorOf(row.since);
    const below = await api.ask('GET', `/v1/nodes?fields=${name}`, { version: `1.${minor - 1}` });
    const at = await api.ask('GET', `/v1/nodes?fields=${name}`, { version: `1.${minor}` });

    assert.equal(below.status, 406, name);
    assert.equal(at.status, 200, name);
    assert.deepEqual(Object.keys(at.body.nodes[0]).sort(), [name, 'links'].sort());
  }
});

test('a writable field written below its version is 406', async () => {
  const writable = Object.entries(CONTRACT.fields).filter(
    ([, row]) => row.writable.includes('create') && minorOf(row.since) > 1,
  );

  for (const [name, row] of writable) {
    const { status } = await api.ask('POST', '/v1/nodes', {
      version: `1.${minorOf(row.since) - 1}`,
      body: { driver: 'fake-hardware', [name]: 'x' },
    });

    assert.equal(status, 406, name);
  }
});

test('fields that nobody may write are refused in a new node', async () => {
  const closed = Object.entries(CONTRACT.fields).filter(
    ([, row]) => row.writable === 'none' || row.writable === 'patch',
  );
  assert.ok(closed.length > 20);

  for (const [name] of closed) {
    const { status } = await api.ask('POST', '/v1/nodes', {
      body: { driver: 'fake-hardware', [name]: null },
    });

    assert.equal(status, 400, name);
  }
});

test('a port shows exactly the fields of its version, at every version', async () => {
  const made = await api.ask('POST', '/v1/ports', {
    body: { node_uuid: node.uuid, address: '52:54:00:aa:00:01' },
  });

  for (let minor = 1; minor <= 115; minor += 1) {
    const { body } = await api.ask('GET', `/v1/ports/${made.body.uuid}`, { version: `1.${minor}` });

    const expected = Object.entries(PORT_FIELDS)
      .filter(([, field]) => FEATURES[field.since].since <= minor)
      .map(([name]) => name);
    assert.deepEqual(Object.keys(body).sort(), expected.sort(), `1.${minor}`);
  }
});

const FILTERS: readonly (readonly [string, number])[] = [
  ['provision_state=enroll', 9],
  ['driver=x', 16],
  ['resource_class=x', 21],
  ['fault=power%20failure', 42],
  ['conductor_group=x', 46],
  ['conductor=x', 49],
  ['owner=x', 50],
  ['lessee=x', 65],
  ['shard=x', 82],
  ['sharded=true', 82],
  ['include_children=true', 83],
  ['parent_node=n1', 83],
  ['instance_name=x', 104],
];

test('a filter below its version is 406, and works from it on', async () => {
  for (const [filter, minor] of FILTERS) {
    const below = await api.ask('GET', `/v1/nodes?${filter}`, { version: `1.${minor - 1}` });
    const at = await api.ask('GET', `/v1/nodes?${filter}`, { version: `1.${minor}` });

    assert.equal(below.status, 406, filter);
    assert.equal(at.status, 200, filter);
  }
});

const SUB_RESOURCES: readonly (readonly [string, number, number])[] = [
  ['traits', 37, 406],
  ['history', 78, 404],
  ['inventory', 81, 404],
  ['children', 83, 404],
];

test('a part of a node below its version is not there', async () => {
  for (const [name, minor, status] of SUB_RESOURCES) {
    const below = await api.ask('GET', `/v1/nodes/n1/${name}`, { version: `1.${minor - 1}` });

    assert.equal(below.status, status, name);
  }
});

test('conductors are unknown below 1.49', async () => {
  const below = await api.ask('GET', '/v1/conductors', { version: '1.48' });
  const at = await api.ask('GET', '/v1/conductors', { version: '1.49' });

  assert.equal(below.status, 404);
  assert.equal(at.status, 200);
});

test('v1 lists each resource from its version on', async () => {
  const { body: first } = await api.ask('GET', '/v1', { version: null });
  const { body: last } = await api.ask('GET', '/v1', { version: 'latest' });

  assert.equal(first.conductors, undefined);
  assert.equal(first.version.version, '1.115');
  assert.equal(last.conductors.length, 2);
  assert.equal(last.inspection_rules.length, 2);
});

test('versions outside the range are 406 with the range in headers and text', async () => {
  for (const version of ['1.0', '1.116']) {
    const { status, headers, fault } = await api.ask('GET', '/v1/nodes', { version });

    assert.equal(status, 406);
    assert.equal(headers['x-openstack-ironic-api-minimum-version'], '1.1');
    assert.equal(headers['x-openstack-ironic-api-maximum-version'], '1.115');
    assert.match(fault ?? '', /The supported version range is: \[1\.1, 1\.115\]/);
  }
});

test('another major version and junk are 406', async () => {
  for (const version of ['2.1', '1', 'abc', '1.x', '']) {
    const { status } = await api.ask('GET', '/v1/nodes', { version });

    assert.equal(status, 406, version);
  }
});

test('the standard version header is looked at first', async () => {
  const { headers } = await api.ask('GET', '/v1/nodes', {
    version: '1.5',
    headers: { 'openstack-api-version': 'compute 2.1, baremetal 1.60' },
  });

  assert.equal(headers['x-openstack-ironic-api-version'], '1.60');
});

test('no version header is served as 1.1', async () => {
  const { headers, body } = await api.ask('GET', `/v1/nodes/${node.uuid}`, { version: null });

  assert.equal(headers['x-openstack-ironic-api-version'], '1.1');
  assert.equal(body.name, undefined);
});
