// Who may make, see and touch allocations.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { as, LESSEE, OWNER, STRANGER, type Persona } from './api/personas.ts';
import { type Allocations, newClass, openAllocations } from './api/with-allocations.ts';

let at: Allocations;

before(async () => {
  at = await openAllocations();
});

after(async () => {
  await at?.api.close();
});

test('people of a project make allocations of that project only, and system people for anybody', async () => {
  const resource_class = newClass();
  const ownerOf = async (persona: Persona, body: object): Promise<string | null | number> => {
    const made = await at.post({ resource_class, ...body }, as(persona));
    return made.status === 201 ? made.body.owner : made.status;
  };

  assert.equal(await ownerOf('system-member', {}), null);
  assert.equal(await ownerOf('system-member', { owner: LESSEE }), LESSEE);
  assert.equal(await ownerOf('owner-member', {}), OWNER);
  assert.equal(await ownerOf('owner-member', { owner: OWNER }), OWNER);
  assert.equal(await ownerOf('owner-member', { owner: LESSEE }), 403);
  assert.equal(await ownerOf('owner-reader', {}), 403);
  assert.equal(await ownerOf('system-reader', {}), 403);
  await at.work();
});

test('a project gets its own and leased nodes only, and can name no others', async () => {
  const resourceClass = newClass();
  const foreign = await at.makeFree(resourceClass, { owner: STRANGER });
  const leased = await at.makeFree(resourceClass, { owner: STRANGER, lessee: LESSEE });
  const active = await at.makeFree(newClass(), { owner: STRANGER }, { provisionState: 'active' });
  const body = { resource_class: resourceClass };

  const hidden = await at.post({ ...body, candidate_nodes: [foreign] }, as('lessee-member'));
  const unknown = await at.post({ ...body, candidate_nodes: [randomUUID()] }, as('lessee-member'));
  const backfill = await at.post({ node: active }, as('lessee-member'));
  const first = await at.post(body, as('lessee-member'));
  const second = await at.post(body, as('lessee-member'));
  await at.work();

  assert.equal(hidden.status, 400);
  assert.equal(unknown.status, 400);
  assert.equal(hidden.fault?.replace(foreign, ''), unknown.fault?.replace(/[0-9a-f-]{36}/, ''));
  assert.equal(backfill.status, 400);
  const got = [await at.show(first.body.uuid), await at.show(second.body.uuid)];
  assert.deepEqual(
    got.map((each) => each.node_uuid),
    [leased, null],
  );
});

test('each project sees and touches its own allocations, readers look only', async () => {
  const resourceClass = newClass();
  const nodeUuid = await at.makeFree(resourceClass, { owner: OWNER, lessee: LESSEE });
  const uuid = await at.allocate({ resource_class: resourceClass, owner: OWNER });
  await at.allocate({ resource_class: resourceClass, owner: LESSEE });
  const url = `/v1/allocations/${uuid}`;
  const body = [{ op: 'add', path: '/extra/a', value: 1 }];
  const statuses = async (persona: Persona): Promise<number[]> => [
    (await at.api.ask('GET', url, as(persona))).status,
    (await at.api.ask('PATCH', url, { body, ...as(persona) })).status,
    (await at.api.ask('GET', `/v1/nodes/${nodeUuid}/allocation`, as(persona))).status,
  ];
  const listed = async (persona: Persona, query = ''): Promise<number> => {
    const path = `/v1/allocations?resource_class=${resourceClass}${query}`;
    const answer = await at.api.ask('GET', path, as(persona));
    return answer.status === 200 ? answer.body.allocations.length : answer.status;
  };

  assert.deepEqual(await statuses('system-reader'), [200, 403, 200]);
  assert.deepEqual(await statuses('owner-member'), [200, 200, 200]);
  assert.deepEqual(await statuses('owner-reader'), [200, 403, 200]);
  assert.deepEqual(await statuses('lessee-member'), [404, 404, 404]);
  assert.deepEqual(await statuses('stranger-manager'), [404, 404, 404]);
  assert.equal(await listed('system-reader'), 2);
  assert.equal(await listed('owner-reader'), 1);
  assert.equal(await listed('owner-reader', `&owner=${OWNER}`), 1);
  assert.equal(await listed('owner-reader', `&owner=${LESSEE}`), 403);
  assert.equal(await listed('stranger-reader'), 0);
  const refused = await at.api.ask('DELETE', url, as('owner-reader'));
  assert.equal(refused.status, 403);
  assert.match(refused.fault ?? '', /baremetal:allocation:delete/);
  const hidden = await at.api.ask(
    'DELETE',
    `/v1/nodes/${nodeUuid}/allocation`,
    as('lessee-member'),
  );
  assert.equal(hidden.status, 404);
  const below = await at.api.ask('DELETE', `/v1/nodes/${nodeUuid}/allocation`, as('owner-reader'));
  assert.equal(below.status, 403);
  assert.equal((await at.api.ask('DELETE', url, as('owner-member'))).status, 204);
});
