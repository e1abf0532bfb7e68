// rbac_defaults/test_nodes, rbac_defaults/test_runbooks. (Each rule with each persona:
// packages/service/test/api-rbac.test.ts.)

import assert from 'node:assert/strict';

import { uniqueName } from '../api-client.ts';
import { freeMac } from '../cli/node-cases.ts';
import { type Gists, uuidsOf } from './tempest-world.ts';

const READS = ['', '/states', '/management/indicators', '/vifs', '/traits', '/bios'] as const;

const CHANGES: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['PATCH', '', [{ op: 'add', path: '/extra/a', value: 'b' }]],
  ['DELETE', ''],
  ['PUT', '/states/power', { target: 'power on' }],
  ['PUT', '/states/provision', { target: 'provide' }],
  ['PUT', '/states/raid', {}],
  ['PUT', '/states/console?enabled=true', {}],
  ['PUT', '/maintenance', {}],
  ['PUT', '/management/boot_device', { boot_device: 'pxe' }],
  ['PUT', '/management/inject_nmi', {}],
  ['PUT', '/traits/CUSTOM_A', {}],
  ['DELETE', '/traits'],
  ['POST', '/vifs', { id: 'a' }],
  ['POST', '/vendor_passthru?method=first_method', { bar: 'baz' }],
  ['GET', '/vendor_passthru/methods'],
];

export const ACCESS_GISTS: Gists = {
  'rbac_defaults/test_nodes: a reader of a project sees nothing and may do nothing': async (
    world,
  ) => {
    const headers = await world.as('other_reader');
    const { uuid } = await world.makeNode('manageable');
    const path = `/v1/nodes/${uuid}`;
    const before = await world.get(path);

    assert.deepEqual((await world.get('/v1/nodes', { headers })).nodes, []);
    for (const read of READS) await world.refused(404, 'GET', `${path}${read}`, { headers });
    for (const [method, part, body] of CHANGES) {
      const call = { headers, ...(body === undefined ? {} : { body }) };
      await world.refused(404, method, `${path}${part}`, call);
    }
    const node = { driver: 'fake-hardware' };
    await world.refused(403, 'POST', '/v1/nodes', { headers, body: node });
    const status = await world.status('POST', '/v1/ports', {
      headers,
      body: { node_uuid: uuid, address: freeMac() },
    });
    assert.ok(status === 403 || status === 404, String(status));
    assert.deepEqual(await world.get(path), before);
  },
  'rbac_defaults/test_nodes: a reader of the system reads all and changes nothing': async (
    world,
  ) => {
    const headers = await world.as('system_reader');
    const { uuid } = await world.makeNode('manageable');
    const path = `/v1/nodes/${uuid}`;
    const before = await world.get(path);

    const seen = uuidsOf((await world.get('/v1/nodes', { headers })).nodes);
    assert.ok(seen.includes(uuid));
    for (const read of READS) await world.get(`${path}${read}`, { headers });
    for (const [method, part, body] of CHANGES) {
      const call = { headers, ...(body === undefined ? {} : { body }) };
      await world.refused(403, method, `${path}${part}`, call);
    }
    const node = { driver: 'fake-hardware' };
    await world.refused(403, 'POST', '/v1/nodes', { headers, body: node });
    assert.deepEqual(await world.get(path), before);
  },
  'rbac_defaults/test_runbooks: seen by its owner, or by all when it is public': async (world) => {
    const [owner, other] = [await world.as('owner_manager'), await world.as('other_manager')];
    const step = { interface: 'bios', step: 'factory_reset', args: {}, order: 1 };
    const body = { name: uniqueName('mine'), steps: [step] };
    const made = await world.post('/v1/runbooks', body, { headers: owner });
    const path = `/v1/runbooks/${made.uuid}`;
    const listed = async (headers: typeof owner) =>
      uuidsOf((await world.get('/v1/runbooks', { headers })).runbooks).includes(made.uuid);

    assert.equal((await world.get(path, { headers: owner })).owner.length > 0, true);
    assert.deepEqual([await listed(owner), await listed(other)], [true, false]);
    await world.refused(404, 'GET', path, { headers: other });
    await world.refused(404, 'DELETE', path, { headers: other });
    const open = [{ op: 'replace', path: '/public', value: true }] as const;
    await world.refused(403, 'PATCH', path, { headers: owner, body: open });
    const changed = await world.patch(path, open);
    assert.deepEqual([changed.public, changed.owner], [true, null]);
    assert.equal(await listed(other), true);
    assert.equal((await world.get(path, { headers: other })).uuid, made.uuid);
    await world.refused(403, 'DELETE', path, { headers: other });
    await world.remove(path);
  },
};
