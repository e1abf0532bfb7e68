// What of allocations is shown and taken at which version, and what is refused.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { OWNER } from './api/personas.ts';
import { type Allocations, newClass, openAllocations } from './api/with-allocations.ts';
import type { Answer, Api } from './api/with-api.ts';

type Options = Parameters<Api['ask']>[2];

let at: Allocations;

before(async () => {
  at = await openAllocations();
});

after(async () => {
  await at?.api.close();
});

test('bad bodies are refused and leave nothing behind', async () => {
  const count = async (): Promise<number> =>
    (await at.api.ask('GET', '/v1/allocations')).body.allocations.length;
  const name = `a-${randomUUID()}`;
  const uuid = randomUUID();
  await at.allocate({ resource_class: 'x', name, uuid });
  const before = await count();

  const cases: [object | string, number][] = [
    [{}, 400],
    [{ resource_class: '' }, 400],
    [{ resource_class: 'x'.repeat(81) }, 400],
    [{ resource_class: 1 }, 400],
    [{ resource_class: 'x', name: 'a b' }, 400],
    [{ resource_class: 'x', name: 'n'.repeat(256) }, 400],
    [{ resource_class: 'x', traits: ['lower'] }, 400],
    [{ resource_class: 'x', traits: 'CUSTOM_A' }, 400],
    [{ resource_class: 'x', candidate_nodes: [randomUUID()] }, 400],
    [{ resource_class: 'x', candidate_nodes: [1] }, 400],
    [{ resource_class: 'x', candidate_nodes: 'n1' }, 400],
    [{ resource_class: 'x', extra: 'text' }, 400],
    [{ resource_class: 'x', uuid: 'not-a-uuid' }, 400],
    [{ resource_class: 'x', state: 'active' }, 400],
    [{ resource_class: 'x', node_uuid: randomUUID() }, 400],
    [{ resource_class: 'x', last_error: 'text' }, 400],
    [{ resource_class: 'x', more: 1 }, 400],
    [{ node: randomUUID() }, 400],
    [{ node: 7 }, 400],
    [[], 400],
    [{ resource_class: 'x', name }, 409],
    [{ resource_class: 'x', uuid }, 409],
  ];
  for (const [body, status] of cases) {
    const answer = await at.post(body as object);
    assert.equal(answer.status, status, JSON.stringify(body).slice(0, 120));
    assert.notEqual(answer.fault, undefined);
  }
  assert.equal(await count(), before);
  assert.deepEqual(at.api.conductor.nudged, []);
  const duplicate = await at.post({ resource_class: 'x', name });
  assert.equal(duplicate.fault, `An allocation with name ${name} already exists.`);
});

test('lists are filtered, cut into pages and sorted', async () => {
  const resourceClass = newClass();
  const nodeName = `n-${randomUUID()}`;
  const nodeUuid = await at.makeFree(resourceClass, { name: nodeName });
  const first = await at.allocate({ resource_class: resourceClass, name: `b-${randomUUID()}` });
  const second = await at.allocate({
    resource_class: resourceClass,
    name: `a-${randomUUID()}`,
    owner: OWNER,
  });
  const of = `resource_class=${resourceClass}`;
  const list = async (query: string): Promise<Answer> =>
    at.api.ask('GET', `/v1/allocations?${query}`);
  const uuids = async (query: string): Promise<string[]> =>
    (await list(query)).body.allocations.map((each: { uuid: string }) => each.uuid);

  assert.deepEqual(await uuids(of), [first, second]);
  assert.deepEqual(await uuids(`${of}&sort_key=name`), [second, first]);
  assert.deepEqual(await uuids(`${of}&sort_dir=desc`), [second, first]);
  assert.deepEqual(await uuids(`${of}&state=active`), [first]);
  assert.deepEqual(await uuids(`${of}&state=error`), [second]);
  assert.deepEqual(await uuids(`${of}&owner=${OWNER}`), [second]);
  assert.deepEqual(await uuids(`node=${nodeUuid}`), [first]);
  assert.deepEqual(await uuids(`node=${nodeName}`), [first]);
  const page = await list(`${of}&limit=1&fields=uuid,state`);
  assert.deepEqual(Object.keys(page.body.allocations[0]), ['uuid', 'state', 'links']);
  const next = new URL(page.body.next);
  assert.equal(next.searchParams.get('resource_class'), resourceClass);
  assert.deepEqual(await uuids(next.search.slice(1)), [second]);

  for (const [query, status] of [
    [`node=${randomUUID()}`, 400],
    ['fields=nothing', 400],
    ['sort_key=extra', 400],
    ['sort_key=nothing', 400],
    ['limit=0', 400],
    ['detail=true', 400],
    ['unknown=1', 400],
    [`marker=${randomUUID()}`, 404],
  ] as const) {
    assert.equal((await list(query)).status, status, query);
  }
});

test('below its version each part is refused in its own way', async () => {
  const by = (version: string, rest: Options = {}): Options => ({ version, ...rest });
  const uuid = await at.allocate({ resource_class: 'x' });
  const url = `/v1/allocations/${uuid}`;
  const body = { resource_class: 'x' };

  for (const version of ['1.51', '1.42']) {
    assert.equal((await at.api.ask('GET', '/v1/allocations', by(version))).status, 404);
    assert.equal((await at.api.ask('GET', url, by(version))).status, 404);
    assert.equal((await at.post(body, by(version))).status, 405);
    assert.equal((await at.api.ask('DELETE', url, by(version))).status, 405);
    assert.equal((await at.api.ask('PATCH', url, by(version, { body: [] }))).status, 405);
  }
  assert.equal((await at.post({ node: 'n' }, by('1.57'))).status, 406);
  assert.equal((await at.post({ ...body, owner: 'p' }, by('1.59'))).status, 406);
  assert.equal((await at.api.ask('GET', '/v1/allocations?owner=p', by('1.59'))).status, 406);
  assert.equal((await at.api.ask('GET', '/v1/allocations?fields=owner', by('1.59'))).status, 406);
  assert.equal('owner' in (await at.api.ask('GET', url, by('1.59'))).body, false);
  assert.equal('owner' in (await at.api.ask('GET', url, by('1.60'))).body, true);
  assert.equal((await at.post(body, by('1.52'))).status, 201);
  await at.work();
});

test('a name may end in .json', async () => {
  const name = `a-${randomUUID()}.json`;
  await at.allocate({ resource_class: 'x', name });

  for (const version of ['1.90', '1.91']) {
    assert.equal((await at.api.ask('GET', `/v1/allocations/${name}`, { version })).body.name, name);
  }
});
