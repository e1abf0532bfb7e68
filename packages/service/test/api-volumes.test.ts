// Volume connectors and targets over the API: create, read, list, change, delete.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';

import { updateNode } from '#store/nodes';

import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { type Answer, type Api, openApi } from './api/with-api.ts';

const BASE = 'http://test.example:6385';
const NOBODY = '11111111-2222-4333-8444-555555555555';

let api: Api;
let node: string;
let other: string;
before(async () => {
  api = await openApi();
});
beforeEach(async () => {
  for (const table of ['volume_connector', 'volume_target', 'node'] as const) {
    await api.parts.store.db.deleteFrom(table).execute();
  }
  node = (await api.createNode({ name: 'n1' })).uuid;
  other = (await api.createNode({ name: 'n2' })).uuid;
  await setNode(node, { powerState: 'power off' });
  await setNode(other, { powerState: 'power off' });
});
after(() => api.close());

const setNode = (uuid: string, changes: Parameters<typeof updateNode>[2]): Promise<boolean> =>
  updateNode(api.parts.store.db, asNodeUuid(uuid) as NodeUuid, changes);

type Kind = {
  readonly noun: string;
  readonly list: string;
  /** What a POST needs, and what it needs to be another one. */
  readonly said: () => { readonly [name: string]: unknown };
  readonly another: { readonly [name: string]: unknown };
  readonly defaults: { readonly [name: string]: unknown };
  readonly summary: readonly string[];
  readonly taken: string;
};

const KINDS: readonly Kind[] = [
  {
    noun: 'volume connector',
    list: 'connectors',
    said: () => ({ node_uuid: node, type: 'iqn', connector_id: 'iqn.2017-07.org:01:d9a51732c3f' }),
    another: { connector_id: 'iqn.2017-07.org:02' },
    defaults: { extra: {} },
    summary: ['uuid', 'node_uuid', 'type', 'connector_id', 'links'],
    taken: 'type iqn and connector ID iqn.2017-07.org:01:d9a51732c3f already exists.',
  },
  {
    noun: 'volume target',
    list: 'targets',
    said: () => ({ node_uuid: node, volume_type: 'iscsi', volume_id: 'vol-1', boot_index: 0 }),
    another: { boot_index: 1 },
    defaults: { extra: {}, properties: {} },
    summary: ['uuid', 'node_uuid', 'volume_type', 'boot_index', 'volume_id', 'links'],
    taken: "boot index '0' for the same node already exists.",
  },
];

for (const kind of KINDS) {
  const collection = `/v1/volume/${kind.list}`;
  const post = (body: object, version = '1.115'): Promise<Answer> =>
    api.ask('POST', collection, { body, version });
  const make = async (more: object = {}): Promise<Answer['body']> => {
    const answer = await post({ ...kind.said(), ...more });
    assert.equal(answer.status, 201, answer.text);
    return answer.body;
  };
  const patch = (uuid: string, ...body: readonly object[]): Promise<Answer> =>
    api.ask('PATCH', `${collection}/${uuid}`, { body });

  describe(`a ${kind.noun}`, () => {
    test('is created with its defaults, and read back', async () => {
      const { status, headers, body } = await post(kind.said());

      assert.equal(status, 201);
      const place = `${BASE}${collection}/${body.uuid}`;
      assert.equal(headers['location'], place);
      const { uuid: _uuid, created_at: created, links, ...others } = body;
      assert.deepEqual(others, { ...kind.said(), ...kind.defaults, updated_at: null });
      assert.match(created, /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/);
      assert.deepEqual(links, [
        { href: place, rel: 'self' },
        { href: place.replace('/v1/', '/'), rel: 'bookmark' },
      ]);
      assert.deepEqual((await api.ask('GET', `${collection}/${body.uuid}`)).body, body);
    });

    test('keeps the UUID that it was given, and there is one of it', async () => {
      const uuid = randomUUID();
      assert.equal((await make({ uuid })).uuid, uuid);

      const again = await post({ ...kind.said(), ...kind.another, uuid });

      assert.equal(again.status, 409);
      assert.equal(again.fault, `A ${kind.noun} with UUID ${uuid} already exists.`);
    });

    test('is refused when there is one already, at POST and at PATCH', async () => {
      await make();
      const second = await make(kind.another);

      const posted = await post(kind.said());
      const [name] = Object.keys(kind.another) as [string];
      const value = kind.said()[name];
      const patched = await patch(second.uuid, { op: 'replace', path: `/${name}`, value });

      for (const answer of [posted, patched]) {
        assert.equal(answer.status, 409, answer.text);
        assert.equal(answer.fault, `A ${kind.noun} with ${kind.taken}`);
      }
      assert.deepEqual((await api.ask('GET', `${collection}/${second.uuid}`)).body, second);
    });

    test('needs a node that is there, and all that is required', async () => {
      const nobody = await post({ ...kind.said(), node_uuid: NOBODY });
      assert.equal(nobody.status, 400);
      assert.equal(
        nobody.fault,
        `Invalid input for field/attribute node_uuid. Value: '${NOBODY}'. `,
      );
      for (const name of Object.keys(kind.said())) {
        const { [name]: _left, ...body } = kind.said();
        const answer = await post(body);
        assert.equal(answer.status, 400, name);
        assert.match(String(answer.fault), new RegExp(`'${name}' is a required property`));
      }
    });

    test('refuses what it does not know and what has the wrong form, by name', async () => {
      for (const [name, value] of Object.entries({
        zzz: 1,
        extra: [],
        links: [],
        created_at: 'now',
        node_uuid: 'n1',
        uuid: 'x',
        ...(kind.list === 'targets'
          ? { boot_index: -1, properties: 'x', volume_type: 7, volume_id: '' }
          : { type: 'zzz', connector_id: '' }),
      })) {
        const answer = await post({ ...kind.said(), [name]: value });
        assert.equal(answer.status, 400, `${name} ${answer.text}`);
        assert.match(String(answer.fault), new RegExp(name));
      }
    });

    test('is patched as a whole or not at all', async () => {
      const { uuid } = await make({ extra: { a: '1', b: '2' } });

      const mixed = await patch(
        uuid,
        { op: 'replace', path: '/extra/a', value: '3' },
        { op: 'remove', path: '/extra/b' },
        { op: 'add', path: '/extra/c', value: '4' },
      );
      assert.equal(mixed.status, 200, mixed.text);
      assert.deepEqual(mixed.body.extra, { a: '3', c: '4' });
      assert.notEqual(mixed.body.updated_at, null);

      const refused = await patch(
        uuid,
        { op: 'replace', path: '/extra/a', value: '5' },
        { op: 'replace', path: '/extra/zzz', value: '6' },
      );
      assert.equal(refused.status, 400);
      assert.deepEqual((await api.ask('GET', `${collection}/${uuid}`)).body, mixed.body);
    });

    test('is left as it is by an empty patch, and keeps what is required', async () => {
      const made = await make();
      assert.deepEqual((await patch(made.uuid)).body, made);
      for (const path of ['/node_uuid', '/uuid', '/created_at', '/zzz']) {
        const answer = await patch(made.uuid, { op: 'remove', path });
        assert.equal(answer.status, 400, path);
      }
    });

    for (const powerState of ['power on', null] as const) {
      test(`is neither changed nor deleted while the node is in power state ${powerState}`, async () => {
        const made = await make();
        await setNode(node, { powerState });

        const patched = await patch(made.uuid, { op: 'add', path: '/extra/a', value: 1 });
        const deleted = await api.ask('DELETE', `${collection}/${made.uuid}`);

        const text = (action: string): string =>
          `The requested action "${kind.noun} ${action}" can not be performed on node "${node}" ` +
          `while it is in state "${powerState ?? 'None'}".`;
        assert.deepEqual([patched.status, patched.fault], [400, text('update')]);
        assert.deepEqual([deleted.status, deleted.fault], [400, text('deletion')]);
        assert.deepEqual((await api.ask('GET', `${collection}/${made.uuid}`)).body, made);
      });
    }

    test('is neither changed nor deleted while somebody works on the node', async () => {
      const { uuid } = await make();
      await setNode(node, { reservation: 'conductor-1' });

      const patched = await patch(uuid, { op: 'add', path: '/extra/a', value: 1 });

      assert.equal(patched.status, 409);
      assert.equal((await api.ask('DELETE', `${collection}/${uuid}`)).status, 409);
    });

    test('moves to another node that is off, and to none that runs or is not there', async () => {
      const { uuid } = await make();
      const move = (to: string): Promise<Answer> =>
        patch(uuid, { op: 'replace', path: '/node_uuid', value: to });
      assert.equal((await move(NOBODY)).status, 400);
      await setNode(other, { powerState: 'power on' });
      assert.equal((await move(other)).status, 400);
      await setNode(other, { powerState: 'power off' });

      const moved = await move(other);

      assert.equal(moved.status, 200, moved.text);
      assert.equal(moved.body.node_uuid, other);
    });

    test('is deleted, and unknown from then on', async () => {
      const { uuid } = await make();

      const { status, text, headers } = await api.ask('DELETE', `${collection}/${uuid}`);

      assert.deepEqual([status, text, headers['content-type']], [204, '', undefined]);
      for (const method of ['GET', 'DELETE'] as const) {
        const answer = await api.ask(method, `${collection}/${uuid}`);
        assert.equal(answer.status, 404);
        const title = `${kind.noun.charAt(0).toUpperCase()}${kind.noun.slice(1)}`;
        assert.equal(answer.fault, `${title} ${uuid} could not be found.`);
      }
      assert.equal((await api.ask('GET', `${collection}/n1`)).status, 400);
    });

    test('goes with its node', async () => {
      const { uuid } = await make();
      assert.equal((await api.ask('DELETE', `/v1/nodes/${node}`)).status, 204);
      assert.equal((await api.ask('GET', `${collection}/${uuid}`)).status, 404);
    });

    test('is listed in short, in full, and by chosen fields', async () => {
      const made = await make();

      const short = await api.ask('GET', collection);
      const full = await api.ask('GET', `${collection}?detail=true`, { version: '1.32' });
      const chosen = await api.ask('GET', `${collection}?fields=extra,uuid`);

      assert.deepEqual(Object.keys(short.body[kind.list][0]), kind.summary);
      assert.deepEqual(full.body, { [kind.list]: [made] });
      assert.deepEqual(Object.keys(chosen.body[kind.list][0]).sort(), ['extra', 'links', 'uuid']);
      for (const query of ['fields=zzz', 'fields=uuid&detail=true', 'zzz=1', 'sort_key=extra']) {
        assert.equal((await api.ask('GET', `${collection}?${query}`)).status, 400, query);
      }
    });

    test('is listed by pages, sorted, and of one node by its name or UUID', async () => {
      const first = await make();
      const second = await make(kind.another);
      const elsewhere = await make({
        ...(kind.list === 'targets' ? {} : { connector_id: 'iqn.other' }),
        node_uuid: other,
      });
      const uuids = async (query: string): Promise<readonly string[]> => {
        const { status, text, body } = await api.ask('GET', query);
        assert.equal(status, 200, text);
        return body[kind.list].map((each: { readonly uuid: string }) => each.uuid);
      };

      const page = await api.ask('GET', `${collection}?limit=1&node=n1`);

      assert.equal(
        page.body.next,
        `${BASE}${collection}?sort_key=id&sort_dir=asc&node=n1&limit=1&marker=${first.uuid}`,
      );
      assert.deepEqual(await uuids(page.body.next.slice(BASE.length)), [second.uuid]);
      assert.deepEqual(await uuids(`${collection}?node=${other}`), [elsewhere.uuid]);
      assert.deepEqual(
        await uuids(`${collection}?sort_key=created_at&sort_dir=desc&limit=10`),
        [elsewhere, second, first].map(({ uuid }) => uuid),
      );
      for (const ident of [node, 'n1']) {
        const under = `/v1/nodes/${ident}/volume/${kind.list}`;
        assert.deepEqual(await uuids(under), [first.uuid, second.uuid]);
        const below = await api.ask('GET', `${under}/${first.uuid}`);
        assert.deepEqual([below.status, below.fault], [400, 'Malformed request URI.']);
      }
      assert.equal((await api.ask('GET', `${collection}?node=nobody`)).status, 404);
      assert.equal((await api.ask('GET', `${collection}?marker=${NOBODY}`)).status, 404);
    });

    test('is unknown below its version, by every method', async () => {
      const { uuid } = await make();
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        for (const url of [collection, `${collection}/${uuid}`, '/v1/volume']) {
          assert.equal((await api.ask(method, url, { version: '1.31' })).status, 404, url);
        }
      }
      assert.equal(
        (await api.ask('GET', `${collection}/${uuid}`, { version: '1.32' })).status,
        200,
      );
      assert.equal((await api.ask('PUT', `${collection}/${uuid}`, { body: {} })).status, 405);
    });
  });
}

test('the secrets of the properties of a target are never shown, wherever it is shown', async () => {
  const properties = { auth_username: 'u', auth_password: 'CANARY', deep: [{ secret: 'CANARY' }] };
  const masked = { auth_username: 'u', auth_password: '******', deep: [{ secret: '******' }] };
  const body = { node_uuid: node, volume_type: 'iscsi', volume_id: 'v', boot_index: 0, properties };

  const made = await api.ask('POST', '/v1/volume/targets', { body });

  const place = `/v1/volume/targets/${made.body.uuid}`;
  const patched = await api.ask('PATCH', place, {
    body: [{ op: 'add', path: '/properties/target_portal', value: '10.0.0.1' }],
  });
  assert.deepEqual(made.body.properties, masked);
  assert.deepEqual(patched.body.properties, { ...masked, target_portal: '10.0.0.1' });
  for (const url of [
    place,
    `${place}?fields=properties`,
    '/v1/volume/targets?detail=true',
    '/v1/volume/targets?fields=properties',
    `/v1/nodes/${node}/volume/targets?detail=true`,
  ]) {
    const { status, text } = await api.ask('GET', url);
    assert.equal(status, 200, url);
    assert.doesNotMatch(text, /CANARY/, url);
    assert.match(text, /"auth_password":"\*{6}"/, url);
  }
  const stored = await api.parts.store.db
    .selectFrom('volume_target')
    .select('properties')
    .executeTakeFirstOrThrow();
  assert.match(stored.properties, /CANARY/);
});

test('the links of volumes, at the top and of a node', async () => {
  for (const [url, place] of [
    ['/v1/volume', 'volume'],
    ['/v1/volume/', 'volume'],
    ['/v1/nodes/n1/volume', `nodes/${node}/volume`],
  ] as const) {
    const { status, body } = await api.ask('GET', url);
    const pair = (path: string): object[] => [
      { href: `${BASE}/v1/${path}`, rel: 'self' },
      { href: `${BASE}/${path}`, rel: 'bookmark' },
    ];
    assert.equal(status, 200);
    assert.deepEqual(body, {
      links: pair(`${place}/`),
      connectors: pair(`${place}/connectors`),
      targets: pair(`${place}/targets`),
    });
  }
});

test('of two clients that change a volume at once neither loses what it wrote', async () => {
  const body = { node_uuid: node, volume_type: 'iscsi', volume_id: 'v', boot_index: 0 };
  const { uuid } = (await api.ask('POST', '/v1/volume/targets', { body })).body;
  const place = `/v1/volume/targets/${uuid}`;

  const answers = await Promise.all(
    ['a', 'b', 'c', 'd'].map((key) =>
      api.ask('PATCH', place, { body: [{ op: 'add', path: `/extra/${key}`, value: key }] }),
    ),
  );

  const written = ['a', 'b', 'c', 'd'].filter((_key, at) => answers[at]?.status === 200);
  const { extra } = (await api.ask('GET', place)).body;
  assert.deepEqual(Object.keys(extra).sort(), written);
  for (const { status } of answers) assert.ok(status === 200 || status === 409);
});
