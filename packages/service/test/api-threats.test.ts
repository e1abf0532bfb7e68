// The threats against the public API, each a test: other paths to a route, poisoned bodies, hostile filters, forged
// headers, texts that want to be log lines.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';

import type { Authenticate } from '#api/authenticate';
import { makeFrame } from '#api/frame';
import { publicRoutes } from '#api/public-listener';
import { systemAdministrator } from '#policy/credentials';

import { type Api, openApi } from './api/with-api.ts';

const UUID = '1be26c0b-03f2-4d2e-ae87-c02d7f33c123';

/** Whoever says `x-user` is an administrator, nobody else is anybody. */
const byHeader: Authenticate = (headers) =>
  headers['x-user'] === 'admin'
    ? { outcome: 'accepted', user: 'admin', credentials: systemAdministrator('admin') }
    : { outcome: 'refused', status: 401, headers: {}, body: '{"error":{}}' };

const AS_ADMIN = { headers: { 'x-user': 'admin' } };

let api: Api;
before(async () => {
  api = await openApi({ authenticate: byHeader });
});
beforeEach(async () => {
  await api.parts.store.db.deleteFrom('node').execute();
});
after(() => api.close());

const filled = (path: string): string => path.replaceAll(/:[a-z]+/gi, UUID);

const encodedFirst = (path: string): string => {
  const at = path.lastIndexOf('/') + 1;
  const letter = path.charCodeAt(at).toString(16);
  return `${path.slice(0, at)}%${letter}${path.slice(at + 1)}`;
};

const VARIANTS: { readonly [what: string]: (path: string) => string } = {
  'as it is': (path) => path,
  'without /v1': (path) => path.replace(/^\/v1/, ''),
  'with a slash behind': (path) => `${path}/`,
  'with two slashes': (path) => path.replace('/v1/', '/v1//'),
  'with two slashes in front': (path) => `/${path}`,
  'in capitals': (path) => path.toUpperCase(),
  'with a letter encoded': encodedFirst,
  'with the slash encoded': (path) => path.replace('/v1/', '/v1%2f'),
  'with dots': (path) => path.replace('/v1/', '/v1/x/../'),
  'with .json behind': (path) => `${path}.json`,
  'with a semicolon': (path) => `${path};x=1`,
  'with a null byte': (path) => `${path}%00`,
  'as an absolute address': (path) => `http://127.0.0.1${path}`,
};

describe('T-51: no other spelling of a path gets around the login', () => {
  const guarded = () => publicRoutes(api.parts).filter(({ rule }) => rule !== 'public');

  for (const [what, spell] of Object.entries(VARIANTS)) {
    test(`${what}: every route, without a login, is 401, or not there`, async () => {
      const open: string[] = [];
      for (const { method, path } of guarded()) {
        const { status } = await api.ask(method, spell(filled(path)));
        if (![401, 404].includes(status)) open.push(`${method} ${spell(path)}: ${status}`);
      }

      assert.deepEqual(open, []);
    });
  }

  test('other methods on the same paths ask for a login too', async () => {
    const paths = new Set(guarded().map(({ path }) => filled(path)));
    const open: string[] = [];
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const) {
        const reply = await api.app.inject({ method, url: path });
        if (![401, 404].includes(reply.statusCode)) open.push(`${method} ${path}`);
      }
    }

    assert.deepEqual(open, []);
  });
});

const POISON: readonly (readonly [string, string])[] = [
  ['__proto__ in a map', '{"driver":"fake-hardware","extra":{"__proto__":{"polluted":1}}}'],
  ['__proto__ at the top', '{"driver":"fake-hardware","__proto__":{"polluted":1}}'],
  ['spelled by escapes', '{"driver":"fake-hardware","extra":{"\\u005f_proto__":{"polluted":1}}}'],
  [
    'constructor.prototype',
    '{"driver":"fake-hardware","extra":{"constructor":{"prototype":{"polluted":1}}}}',
  ],
];
const POISONED_PATHS = [
  '/extra/__proto__/polluted',
  '/__proto__/polluted',
  '/extra/constructor/prototype/polluted',
  '/extra/prototype/polluted',
  '/constructor/prototype/polluted',
];

describe('T-56: no body and no patch changes what all objects are', () => {
  for (const [what, body] of POISON) {
    test(`${what} is refused`, async () => {
      const reply = await api.app.inject({
        method: 'POST',
        url: '/v1/nodes',
        headers: { 'x-user': 'admin', 'content-type': 'application/json' },
        payload: body,
      });

      assert.equal(reply.statusCode, 400);
      assert.equal(({} as { polluted?: number }).polluted, undefined);
    });
  }
  for (const path of POISONED_PATHS) {
    test(`a patch of ${path} is refused`, async () => {
      const created = await api.ask('POST', '/v1/nodes', {
        ...AS_ADMIN,
        body: { driver: 'fake-hardware' },
      });
      const { uuid } = created.body as { uuid: string };

      const { status } = await api.ask('PATCH', `/v1/nodes/${uuid}`, {
        ...AS_ADMIN,
        body: [{ op: 'add', path, value: 1 }],
      });

      assert.equal(status, 400);
      assert.equal(({} as { polluted?: number }).polluted, undefined);
    });
  }
});

/** Sends raw text and gathers what comes back until the other side closes. */
const exchange = (socket: Socket, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.write(text);
  });

test('a null character is refused wherever a text may be', async () => {
  const make = (body: object) => api.ask('POST', '/v1/nodes', { ...AS_ADMIN, body });

  const inText = await make({ driver: 'fake-hardware', description: 'a\u0000b' });
  const inMap = await make({ driver: 'fake-hardware', extra: { deep: ['a\u0000b'] } });
  const inKey = await make({ driver: 'fake-hardware', extra: { 'a\u0000b': 1 } });
  const inPath = await api.ask('GET', '/v1/nodes/a%00b', AS_ADMIN);

  const statuses = [inText, inMap, inKey, inPath].map(({ status }) => status);
  assert.deepEqual(statuses, [400, 400, 400, 404]);
});

describe('T-57: size and depth are counted before anything is built from them', () => {
  const post = (payload: string, url = '/v1/nodes') =>
    api.app.inject({ method: 'POST', url, headers: { 'x-user': 'admin' }, payload });

  test('a million brackets are 400, in the form of the guard', async () => {
    const reply = await post('['.repeat(1_000_000));

    assert.equal(reply.statusCode, 400);
    assert.match(reply.payload, /"faultcode":"Client"/);
  });

  test('brackets inside of texts do not count', async () => {
    const body = { driver: 'fake-hardware', extra: { text: '[{'.repeat(100) } };

    assert.equal((await post(JSON.stringify(body))).statusCode, 201);
  });

  test('more than a mebibyte is 413, except where config drives go', async () => {
    const large = JSON.stringify({ target: 'x'.repeat(1_100_000) });
    const created = await post('{"driver":"fake-hardware"}');
    const { uuid } = JSON.parse(created.payload) as { uuid: string };
    const provision = await api.app.inject({
      method: 'PUT',
      url: `/v1/nodes/${uuid}/states/provision`,
      headers: { 'x-user': 'admin' },
      payload: large,
    });

    assert.equal((await post(large)).statusCode, 413);
    assert.equal(provision.statusCode, 400);
  });

  test('a body that stops in the middle ends the connection', async () => {
    const frame = makeFrame({
      log: api.parts.log,
      authenticate: byHeader,
      publicEndpoint: undefined,
      tls: undefined,
      times: { headersMs: 1_000, requestMs: 60_000, checkMs: 100, bodyIdleMs: 50 },
    });
    frame.post('/v1/nodes', async () => 'never reached');
    await frame.listen({ host: '127.0.0.1', port: 0 });
    const { port } = frame.server.address() as { port: number };

    const answer = await exchange(
      connect(port, '127.0.0.1'),
      'POST /v1/nodes HTTP/1.1\r\nhost: x\r\nx-user: admin\r\ncontent-length: 100\r\n\r\n{"driver"',
    );
    await frame.close();

    assert.doesNotMatch(answer, /200/);
  });

  test('headers beyond 16 KiB are 431', async () => {
    await api.app.listen({ host: '127.0.0.1', port: 0 });
    const address = api.app.server.address() as { port: number };
    const socket = connect(address.port, '127.0.0.1');

    const answer = await exchange(socket, `GET / HTTP/1.1\r\nx: ${'x'.repeat(17_000)}\r\n\r\n`);

    assert.match(answer, /^HTTP\/1\.1 431 /);
  });
});

const HOSTILE = [
  "'",
  '"',
  "' or '1'='1",
  "'; drop table node; --",
  '" or ""="',
  '1) union select 1,2,3--',
  '%27%20or%201=1',
  '\\',
  '%',
  '_',
  '(a+)+$',
  `${'a'.repeat(5_000)}!`,
  '\u0000',
  '\n',
  '${7*7}',
  '../../etc/passwd',
  '🚂'.repeat(100),
];

describe('T-59, T-60: hostile filters are refused or find nothing', () => {
  const LISTS: { readonly [path: string]: readonly string[] } = {
    '/v1/nodes': [
      'chassis_uuid',
      'instance_uuid',
      'associated',
      'maintenance',
      'provision_state',
      'driver',
      'resource_class',
      'fault',
      'conductor_group',
      'conductor',
      'owner',
      'description_contains',
      'retired',
      'lessee',
      'project',
      'shard',
      'sharded',
      'include_children',
      'parent_node',
      'instance_name',
      'marker',
      'limit',
      'sort_key',
      'sort_dir',
      'fields',
      'detail',
    ],
    '/v1/ports': ['node', 'node_uuid', 'address', 'portgroup', 'shard', 'description_contains'],
    '/v1/chassis': ['marker', 'sort_key', 'fields'],
    '/v1/conductors': ['marker', 'sort_key', 'fields'],
    '/v1/drivers': ['type', 'detail', 'fields'],
    '/v1/allocations': ['node', 'resource_class', 'state', 'owner', 'marker', 'sort_key'],
    '/v1/runbooks': ['project', 'marker', 'sort_key', 'fields'],
    '/v1/deploy_templates': ['marker', 'sort_key', 'fields'],
    '/v1/volume/targets': ['node', 'marker', 'sort_key', 'fields'],
    '/v1/portgroups': ['node', 'address', 'shard', 'conductor_groups', 'marker', 'sort_key'],
  };

  for (const [path, names] of Object.entries(LISTS)) {
    test(`every parameter of ${path}`, async () => {
      await api.ask('POST', '/v1/nodes', {
        ...AS_ADMIN,
        body: { driver: 'fake-hardware', name: 'bystander' },
      });
      const wrong: string[] = [];
      for (const name of names) {
        for (const value of HOSTILE) {
          const url = `${path}?${name}=${encodeURIComponent(value)}`;
          const { status, text } = await api.ask('GET', url, AS_ADMIN);
          const isRefused = status >= 400 && status < 500;
          const isPlain = status === 200 && !text.includes('bystander');
          // A name that is given to everybody, like `%` in a text search, finds what has it in it, and no more.
          if (!isRefused && !isPlain) wrong.push(`${name}=${value.slice(0, 30)}: ${status}`);
        }
      }
      const left = await api.ask('GET', '/v1/nodes/bystander', AS_ADMIN);

      assert.deepEqual(wrong, []);
      assert.equal(left.status, 200);
    });
  }

  test('names of nodes that are no names are 404, 400 or too long', async () => {
    for (const value of HOSTILE) {
      const { status } = await api.ask('GET', `/v1/nodes/${encodeURIComponent(value)}`, AS_ADMIN);

      assert.ok([400, 404, 414].includes(status), `${value.slice(0, 30)}: ${status}`);
    }
  });
});

test('T-64: headers that say where a request came from are believed of nobody', async () => {
  const reply = await api.app.inject({
    method: 'GET',
    url: '/v1/nodes',
    headers: {
      'x-user': 'admin',
      host: 'evil.example/<script>',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'for=10.0.0.1;host=evil.example',
    },
  });
  const root = await api.app.inject({
    method: 'GET',
    url: '/',
    headers: { host: 'a b', 'x-forwarded-host': 'evil.example' },
  });

  assert.equal(reply.statusCode, 200);
  assert.doesNotMatch(root.payload, /evil/);
  assert.match(root.payload, /http:\/\/localhost\/v1/);
});
