// /v1/drivers and /v1/conductors: what serves the nodes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { registerConductor, touchConductor } from '#store/conductors';

import { type Api, openApi } from './api/with-api.ts';

const BASE = 'http://test.example:6385';

let api: Api;
before(async () => {
  api = await openApi();
});
after(() => api.close());

const links = (path: string): object[] => [
  { href: `${BASE}/v1/${path}`, rel: 'self' },
  { href: `${BASE}/${path}`, rel: 'bookmark' },
];

test('a list of drivers is short, and has what its version has', async () => {
  const fake = async (version: string): Promise<object> => {
    const { status, body } = await api.ask('GET', '/v1/drivers', { version });
    assert.equal(status, 200);
    return body.drivers.find((each: { readonly name: string }) => each.name === 'fake-hardware');
  };
  const first = {
    name: 'fake-hardware',
    hosts: ['conductor-1'],
    links: links('drivers/fake-hardware'),
  };
  const properties = links('drivers/fake-hardware/properties');
  assert.deepEqual(await fake('1.13'), first);
  assert.deepEqual(await fake('1.14'), { ...first, properties });
  assert.deepEqual(await fake('1.29'), { ...first, properties });
  assert.deepEqual(await fake('1.30'), { ...first, properties, type: 'dynamic' });
});

/** The kinds of interface, with the version that brought each. */
const KINDS: { readonly [kind: string]: number } = {
  boot: 30,
  console: 30,
  deploy: 30,
  inspect: 30,
  management: 30,
  network: 30,
  power: 30,
  raid: 30,
  vendor: 30,
  storage: 33,
  rescue: 38,
  bios: 40,
  firmware: 86,
};

test('one driver, and a list in full, have the interfaces that their version knows', async () => {
  for (const minor of [29, 30, 32, 33, 37, 38, 39, 40, 85, 86, 115]) {
    const version = `1.${minor}`;
    const { body } = await api.ask('GET', '/v1/drivers/fake-hardware', { version });
    for (const [kind, since] of Object.entries(KINDS)) {
      const names = [`default_${kind}_interface`, `enabled_${kind}_interfaces`] as const;
      for (const name of names) assert.equal(name in body, minor >= since, `${name} ${version}`);
      if (minor < since) continue;
      assert.equal(typeof body[names[0]], 'string', names[0]);
      assert.ok(body[names[1]].includes(body[names[0]]), names[1]);
    }
    if (minor < 30) continue;
    const list = await api.ask('GET', '/v1/drivers?detail=true&type=dynamic', { version });
    const listed = list.body.drivers.find(
      (each: { readonly name: string }) => each.name === 'fake-hardware',
    );
    assert.deepEqual(listed, body);
  }
});

test('arguments of drivers are taken at and above their versions', async () => {
  const status = async (url: string, version = '1.115'): Promise<number> =>
    (await api.ask('GET', `/v1/drivers${url}`, { version })).status;

  assert.equal(await status('?detail=true', '1.29'), 406);
  assert.equal(await status('?type=dynamic', '1.29'), 406);
  assert.equal(await status('?fields=name', '1.76'), 406);
  assert.equal(await status('/fake-hardware?fields=name', '1.76'), 406);
  assert.equal(await status('?fields=default_firmware_interface', '1.85'), 406);
  assert.equal(await status('?fields=default_firmware_interface', '1.86'), 200);
  for (const query of ['type=zzz', 'detail=zzz', 'fields=zzz', 'fields=name&detail=1', 'zzz=1']) {
    assert.equal(await status(`?${query}`), 400, query);
  }
  assert.deepEqual((await api.ask('GET', '/v1/drivers?type=classic')).body, { drivers: [] });
  const { body } = await api.ask('GET', '/v1/drivers/redfish?fields=name,hosts');
  assert.deepEqual(body, {
    name: 'redfish',
    hosts: ['conductor-1'],
    links: links('drivers/redfish'),
  });
});

test('a driver that is not there, or that no live conductor serves, is unknown', async () => {
  const unknown = await api.ask('GET', '/v1/drivers/zz');
  assert.equal(unknown.status, 404);
  assert.equal(unknown.fault, 'Could not find the following driver(s) or hardware type(s): zz.');
  const ofUnknown = await api.ask('GET', '/v1/drivers/zz/properties');
  assert.deepEqual([ofUnknown.status, ofUnknown.fault], [404, "The driver 'zz' is unknown."]);

  const { store, clock } = api.parts;
  const nowMs = clock.wallMs();
  await touchConductor(store.db, 'conductor-1', { nowMs, isOnline: false });
  const gone = await api.ask('GET', '/v1/drivers/redfish');
  const none = await api.ask('GET', '/v1/drivers');
  await touchConductor(store.db, 'conductor-1', { nowMs, isOnline: true });

  assert.equal(gone.status, 404);
  assert.deepEqual(none.body, { drivers: [] });
});

test('the properties of a driver and of its logical disks are sentences by name', async () => {
  for (const url of ['properties', 'raid/logical_disk_properties']) {
    const { status, body } = await api.ask('GET', `/v1/drivers/fake-hardware/${url}`);
    assert.equal(status, 200, url);
    assert.ok(Object.keys(body).length > 0);
    for (const text of Object.values(body)) assert.equal(typeof text, 'string');
  }
  const disks = '/v1/drivers/fake-hardware/raid/logical_disk_properties';
  const { body } = await api.ask('GET', disks, { version: '1.12' });
  for (const name of ['raid_level', 'size_gb', 'is_root_volume', 'volume_name', 'physical_disks']) {
    assert.ok(name in body, name);
  }
  assert.equal((await api.ask('GET', disks, { version: '1.11' })).status, 406);
  assert.equal((await api.ask('GET', '/v1/drivers/zz/raid/logical_disk_properties')).status, 404);
  const types = api.parts.drivers.hardwareTypes;
  for (const { name } of types.filter((type) => type.logicalDiskProperties === undefined)) {
    const url = `/v1/drivers/${name}/raid/logical_disk_properties`;
    assert.equal((await api.ask('GET', url)).status, 404, name);
  }
});

test('methods of a driver are listed, and called by path or query: 200 with what comes out, or 202', async () => {
  const url = '/v1/drivers/fake-hardware/vendor_passthru';
  assert.deepEqual((await api.ask('GET', `${url}/methods`)).body['echo'], {
    http_methods: ['GET', 'POST'],
    async: false,
    description: 'Answers what it was given.',
    attach: false,
    require_exclusive_lock: false,
  });

  const inPath = await api.ask('POST', `${url}/echo`, { body: { a: 1 } });
  const inQuery = await api.ask('POST', `${url}?method=echo`, { body: { a: 1 } });
  const async = await api.ask('POST', `${url}/accept`, { body: { bar: 'x' } });

  assert.deepEqual([inPath.status, inPath.body], [200, { a: 1 }]);
  assert.deepEqual([inQuery.status, inQuery.body], [200, { a: 1 }]);
  assert.deepEqual([async.status, async.text], [202, '']);
  assert.equal(async.headers['content-type'], undefined);
});

test('what a driver does not have, or not so, is refused', async () => {
  const url = '/v1/drivers/fake-hardware/vendor_passthru';
  const fault = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => {
    const answer = await api.ask(method, path, body === undefined ? {} : { body });
    return [answer.status, answer.fault];
  };

  assert.deepEqual(await fault('POST', `${url}/zz`, {}), [400, 'No handler for method zz']);
  assert.deepEqual(await fault('PUT', `${url}/echo`, {}), [
    400,
    'The method echo does not support HTTP PUT',
  ]);
  assert.deepEqual(await fault('POST', url, {}), [
    400,
    'Method not specified when calling vendor extension.',
  ]);
  assert.deepEqual(await fault('POST', `${url}/accept`, {}), [
    400,
    "Parameter 'bar' not passed to method 'accept'.",
  ]);
  assert.deepEqual(await fault('POST', `${url}/constructor`, {}), [
    400,
    'No handler for method constructor',
  ]);
  assert.equal((await fault('GET', '/v1/drivers/zz/vendor_passthru/methods'))[0], 404);
  assert.equal((await api.ask('POST', `${url}/methods`, { body: {} })).status, 405);
});

test('conductors are listed in short, in full and by fields, and say whether they are alive', async () => {
  const { store, clock, options } = api.parts;
  const nowMs = clock.wallMs();
  const more = { conductorGroup: 'rack-1', drivers: ['redfish'] };
  await registerConductor(store.db, { hostname: 'conductor-2', ...more }, { nowMs });
  const silentMs = nowMs - options.conductorTimeoutMs - 1;
  await registerConductor(store.db, { hostname: 'conductor-3', ...more }, { nowMs: silentMs });
  const get = async (query: string) => (await api.ask('GET', `/v1/conductors${query}`)).body;

  const { conductors } = await get('?sort_key=hostname');

  assert.deepEqual(conductors[1], {
    hostname: 'conductor-2',
    conductor_group: 'rack-1',
    alive: true,
    links: links('conductors/conductor-2'),
  });
  assert.deepEqual(
    conductors.map((each: { readonly alive: boolean }) => each.alive),
    [true, true, false],
  );
  const full = (await get('?detail=true&sort_key=hostname')).conductors[1];
  assert.deepEqual((await get('/detail?sort_key=hostname')).conductors[1], full);
  const one = await get('/conductor-2');
  assert.deepEqual(full, one);
  assert.deepEqual(one.drivers, ['redfish']);
  assert.match(one.created_at, /^\d{4}-/);
  assert.deepEqual(await get('/conductor-2?fields=alive'), {
    alive: true,
    links: links('conductors/conductor-2'),
  });

  const page = await get('?limit=2&sort_key=hostname');
  assert.equal(
    page.next,
    `${BASE}/v1/conductors?sort_key=hostname&sort_dir=asc&limit=2&marker=conductor-2`,
  );
  const rest = await get(page.next.slice(`${BASE}/v1/conductors`.length));
  assert.deepEqual(
    rest.conductors.map((each: { readonly hostname: string }) => each.hostname),
    ['conductor-3'],
  );
  assert.equal('next' in rest, false);
});

test('what is wrong about a question for conductors is refused', async () => {
  const status = async (query: string, version = '1.115'): Promise<number> =>
    (await api.ask('GET', `/v1/conductors${query}`, { version })).status;

  for (const query of ['fields=zzz', 'fields=alive&detail=1', 'sort_key=alive', 'sort_dir=up']) {
    assert.equal(await status(`?${query}`), 400, query);
  }
  for (const query of ['limit=0', 'limit=-1', 'limit=x', 'zzz=1', 'sort_key=constructor']) {
    assert.equal(await status(`?${query}`), 400, query);
  }
  assert.equal(await status('?marker=nobody'), 404);
  assert.equal(await status('/nobody'), 404);
  assert.equal(await status('', '1.48'), 404);
  assert.equal(await status('/conductor-1', '1.48'), 404);
  assert.equal(await status('', '1.49'), 200);
});
