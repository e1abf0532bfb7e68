// What a node has behind it and below it: history, inventory, children.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { addHistory } from '#store/history';
import { saveInventory } from '#store/inventories';
import { updateNode } from '#store/nodes';

import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { as, authenticatePersona, LESSEE, OWNER, STRANGER } from './api/personas.ts';
import { type Answer, type Api, openApi } from './api/with-api.ts';

const BASE = 'http://test.example:6385';
const NOBODY = '11111111-2222-4333-8444-555555555555';
const NOW_MS = Date.UTC(2026, 10, 21, 12, 0, 0);

let api: Api;
let node: NodeUuid;
before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
});
beforeEach(async () => {
  for (const table of ['history', 'inventory', 'node'] as const) {
    await api.parts.store.db.deleteFrom(table).execute();
  }
  const { uuid } = await api.createNode({ name: 'n1', owner: OWNER, lessee: LESSEE });
  node = asNodeUuid(uuid) as NodeUuid;
});
after(() => api.close());

const note = (more: Partial<Parameters<typeof addHistory>[2]> = {}): Promise<void> =>
  addHistory(
    api.parts.store.db,
    node,
    {
      conductor: 'conductor-1',
      severity: 'ERROR',
      event: 'it broke',
      eventType: 'provisioning',
      user: 'u1',
      project: 'p1',
      state: 'deploying',
      targetProvisionState: 'active',
      durationMs: 1_500,
      ...more,
    },
    NOW_MS,
  );

const history = async (query = '', version = '1.115'): Promise<Answer['body']> => {
  const { status, body, text } = await api.ask('GET', `/v1/nodes/n1/history${query}`, { version });
  assert.equal(status, 200, text);
  return body;
};

test('history is short, and in detail tells what its version knows', async () => {
  await note();
  const short = (await history()).history[0];
  const { uuid } = short;
  const first = {
    uuid,
    created_at: '2026-11-21T12:00:00.000000+00:00',
    severity: 'ERROR',
    event: 'it broke',
    links: [{ href: `${BASE}/v1/nodes/${node}/history/${uuid}`, rel: 'self' }],
  };
  assert.deepEqual(short, first);
  const detail = { ...first, event_type: 'provisioning', conductor: 'conductor-1', user: 'u1' };
  const state = { state: 'deploying', target_provision_state: 'active', duration_seconds: 1.5 };
  for (const [version, expected] of [
    ['1.78', detail],
    ['1.112', detail],
    ['1.113', { ...detail, project: 'p1' }],
    ['1.114', { ...detail, project: 'p1' }],
    ['1.115', { ...detail, project: 'p1', ...state }],
  ] as const) {
    assert.deepEqual((await history('?detail=true', version)).history, [expected], version);
    assert.deepEqual((await history('/detail', version)).history, [expected], version);
    assert.deepEqual(await history(`/${uuid}`, version), expected, version);
  }
});

test('a long event is cut in the short form only', async () => {
  await note({ event: 'x'.repeat(255) });
  await note({ event: 'y'.repeat(256) });

  const [whole, cut] = (await history()).history;
  const detailed = (await history('?detail=true')).history[1];

  assert.equal(whole.event, 'x'.repeat(255));
  assert.equal(cut.event, `${'y'.repeat(251)}...`);
  assert.equal(detailed.event, 'y'.repeat(256));
});

test('history comes in pages, the oldest or the newest first', async () => {
  for (const event of ['a', 'b', 'c']) await note({ event });
  const events = ({ history: entries }: Answer['body']): readonly string[] =>
    entries.map((each: { readonly event: string }) => each.event);

  const page = await history('?limit=2');
  assert.deepEqual(events(page), ['a', 'b']);
  assert.match(page.next, /\/history\?sort_key=created_at&sort_dir=asc&limit=2&marker=/);
  const rest = await history(`?${page.next.split('?')[1]}`);
  assert.deepEqual([events(rest), rest.next], [['c'], undefined]);
  assert.deepEqual(events(await history('?sort_dir=desc')), ['c', 'b', 'a']);

  for (const query of ['?limit=0', '?zzz=1', '?sort_key=zzz', '?sort_dir=up', '?marker=x']) {
    assert.equal((await api.ask('GET', `/v1/nodes/n1/history${query}`)).status, 400, query);
  }
  assert.equal((await api.ask('GET', `/v1/nodes/n1/history?marker=${NOBODY}`)).status, 404);
  assert.equal((await api.ask('GET', `/v1/nodes/n1/history/${NOBODY}`)).status, 404);
});

test('the inventory is what was found, and 404 before anything was', async () => {
  assert.equal((await api.ask('GET', '/v1/nodes/n1/inventory')).status, 404);
  const found = { inventory: { cpu: { count: 4 } }, pluginData: { a: [1] } };
  await saveInventory(api.parts.store.db, node, found, NOW_MS);

  const { status, body } = await api.ask('GET', '/v1/nodes/n1/inventory');

  assert.equal(status, 200);
  assert.deepEqual(body, { inventory: { cpu: { count: 4 } }, plugin_data: { a: [1] } });
});

test('history and inventory are for the owner, not for the lessee, and unknown to strangers', async () => {
  await saveInventory(api.parts.store.db, node, { inventory: {}, pluginData: {} }, NOW_MS);
  for (const url of ['/v1/nodes/n1/history', '/v1/nodes/n1/inventory']) {
    for (const [persona, expected] of [
      ['system-reader', 200],
      ['owner-reader', 200],
      ['lessee-reader', 403],
      ['stranger-reader', 404],
    ] as const) {
      assert.equal((await api.ask('GET', url, as(persona))).status, expected, `${persona} ${url}`);
    }
  }
});

test('the children of a node are told to those who see them', async () => {
  const make = async (): Promise<string> =>
    (await api.createNode({ parent_node: node, owner: OWNER })).uuid;
  const [own, foreign] = [await make(), await make()];
  // Nobody may make it so over the API; before there was an owner it may have been.
  await updateNode(api.parts.store.db, foreign as NodeUuid, { owner: STRANGER });

  const { status, body } = await api.ask('GET', '/v1/nodes/n1/children');
  const ofOwner = await api.ask('GET', '/v1/nodes/n1/children', as('owner-reader'));

  assert.equal(status, 200);
  assert.deepEqual(body, {
    children: [own, foreign],
    links: { href: `${BASE}/v1/nodes?parent_node=${node}`, rel: 'children' },
  });
  assert.deepEqual(ofOwner.body.children, [own]);
});

test('each is unknown below its version', async () => {
  await saveInventory(api.parts.store.db, node, { inventory: {}, pluginData: {} }, NOW_MS);
  for (const [ending, below, since] of [
    ['history', '1.77', '1.78'],
    [`history/${NOBODY}`, '1.77', null],
    ['inventory', '1.80', '1.81'],
    ['children', '1.82', '1.83'],
  ] as const) {
    const url = `/v1/nodes/n1/${ending}`;
    assert.equal((await api.ask('GET', url, { version: below })).status, 404, url);
    if (since === null) continue;
    assert.equal((await api.ask('GET', url, { version: since })).status, 200, url);
  }
});
