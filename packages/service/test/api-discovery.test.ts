// The documents at `/` and `/v1`, from which clients learn what there is.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { MINOR_MAX } from '@bessemer/protocol/microversion/range';

import { type Api, openApi } from './api/with-api.ts';

const BASE = 'http://test.example:6385';
const VERSION = {
  id: 'v1',
  links: [{ href: `${BASE}/v1/`, rel: 'self' }],
  status: 'CURRENT',
  min_version: '1.1',
  version: '1.115',
};

let api: Api;
before(async () => {
  api = await openApi({
    authenticate: () => ({ outcome: 'refused', status: 401, headers: {}, body: '{}' }),
  });
});
after(() => api.close());

test('the root lists the one version, without a login and without a version header', async () => {
  for (const version of [null, '1.1', 'latest']) {
    const { status, headers, body } = await api.ask('GET', '/', { version });
    const { name, description, ...others } = body;
    assert.equal(status, 200);
    assert.equal(name, 'OpenStack Ironic API');
    assert.equal(typeof description, 'string');
    assert.deepEqual(others, { default_version: VERSION, versions: [VERSION] });
    assert.equal(headers['x-openstack-ironic-api-minimum-version'], '1.1');
    assert.equal(headers['x-openstack-ironic-api-maximum-version'], '1.115');
  }
  for (const version of ['1.116', '2.1', 'abc']) {
    assert.equal((await api.ask('GET', '/', { version })).status, 406, version);
  }
});

/** The version that brought each resource, as the original has it. */
const SINCE: { readonly [name: string]: number } = {
  chassis: 1,
  nodes: 1,
  ports: 1,
  drivers: 1,
  portgroups: 23,
  volume: 32,
  lookup: 22,
  heartbeat: 22,
  conductors: 49,
  allocations: 52,
  events: 54,
  deploy_templates: 55,
  shards: 82,
  continue_inspection: 84,
  runbooks: 92,
  inspection_rules: 96,
};

test('the document of v1 has at each version the resources of that version', async () => {
  for (let minor = 1; minor <= MINOR_MAX; minor += 1) {
    const { status, body } = await api.ask('GET', '/v1', { version: `1.${minor}` });
    const { id, links, media_types: media, version, ...resources } = body;
    assert.equal(status, 200);
    assert.equal(id, 'v1');
    assert.deepEqual(version, VERSION);
    assert.deepEqual(media, {
      base: 'application/json',
      type: 'application/vnd.openstack.ironic.v1+json',
    });
    assert.deepEqual(links[0], { href: `${BASE}/v1/`, rel: 'self' });
    assert.deepEqual([links[1].rel, links[1].type], ['describedby', 'text/html']);
    const expected = Object.entries(SINCE).filter(([, since]) => since <= minor);
    assert.deepEqual(Object.keys(resources).sort(), expected.map(([name]) => name).sort());
    for (const [name] of expected) {
      assert.deepEqual(resources[name], [
        { href: `${BASE}/v1/${name}/`, rel: 'self' },
        { href: `${BASE}/${name}/`, rel: 'bookmark' },
      ]);
    }
  }
});

test('v1 is only read, with or without the slash; without a header it is 1.1', async () => {
  const { headers, body } = await api.ask('GET', '/v1/', { version: null });
  assert.equal(headers['x-openstack-ironic-api-version'], '1.1');
  assert.equal(body.portgroups, undefined);
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const) {
    const { statusCode } = await api.app.inject({ method, url: '/v1' });
    assert.equal(statusCode, 405, method);
  }
  assert.notEqual((await api.ask('GET', '/v2')).status, 200);
});
