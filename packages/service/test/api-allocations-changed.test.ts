// Allocations that are changed, deleted, or lose their node.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { OWNER, STRANGER } from './api/personas.ts';
import { type Allocations, newClass, openAllocations } from './api/with-allocations.ts';

let at: Allocations;

before(async () => {
  at = await openAllocations();
});

after(async () => {
  await at?.api.close();
});

test('name and extra can be patched, and nothing else', async () => {
  const name = `a-${randomUUID()}`;
  const uuid = await at.allocate({ resource_class: 'x', name, extra: { a: 1 } });
  const taken = `a-${randomUUID()}`;
  await at.allocate({ resource_class: 'x', name: taken });
  const patch = (body: unknown, version = '1.115') =>
    at.api.ask('PATCH', `/v1/allocations/${uuid}`, { body, version });

  const renamed = `a-${randomUUID()}`;
  const changed = await patch([
    { op: 'replace', path: '/name', value: renamed },
    { op: 'add', path: '/extra/b', value: 2 },
    { op: 'remove', path: '/extra/a' },
  ]);
  assert.equal(changed.status, 200, changed.text);
  assert.equal(changed.body.name, renamed);
  assert.deepEqual(changed.body.extra, { b: 2 });
  assert.notEqual(changed.body.updated_at, null);
  assert.deepEqual(await at.show(renamed), changed.body);
  assert.equal((await patch([])).status, 200);
  assert.equal((await patch([{ op: 'remove', path: '/name' }])).body.name, null);
  assert.equal((await patch([{ op: 'remove', path: '/extra' }])).body.extra.b, undefined);

  for (const [body, status] of [
    [[{ op: 'replace', path: '/name', value: taken }], 409],
    [[{ op: 'replace', path: '/name', value: 'a b' }], 400],
    [[{ op: 'replace', path: '/resource_class', value: 'y' }], 400],
    [[{ op: 'replace', path: '/uuid', value: randomUUID() }], 400],
    [[{ op: 'replace', path: '/state', value: 'active' }], 400],
    [[{ op: 'add', path: '/traits/0', value: 'CUSTOM_A' }], 400],
    [[{ op: 'replace', path: '/extra', value: 1 }], 400],
    [[{ op: 'remove', path: '/extra/nope' }], 400],
    [{}, 400],
  ] as const) {
    assert.equal((await patch(body)).status, status, JSON.stringify(body));
  }
  assert.equal((await patch([], '1.56')).status, 405);
  const missing = await at.api.ask('PATCH', '/v1/allocations/nobody', { body: [] });
  assert.equal(missing.status, 404);
});

test('a deleted allocation gives its node back, unless the node is in use', async () => {
  const resourceClass = newClass();
  const nodeUuid = await at.makeFree(resourceClass);
  const uuid = await at.allocate({ resource_class: resourceClass });
  const remove = () => at.api.ask('DELETE', `/v1/allocations/${uuid}`);

  await at.set(nodeUuid, { provisionState: 'active' });
  assert.equal((await remove()).status, 409);
  await at.set(nodeUuid, { provisionState: 'deploying', targetProvisionState: 'active' });
  assert.equal((await remove()).status, 409);
  await at.set(nodeUuid, { provisionState: 'deploy failed', reservation: 'conductor-1' });
  assert.equal((await remove()).status, 409);
  await at.set(nodeUuid, { reservation: null });

  assert.equal((await remove()).status, 204);

  assert.equal((await at.nodeOf(nodeUuid)).instanceUuid, null);
  assert.equal((await at.nodeOf(nodeUuid)).allocationUuid, null);
  assert.equal((await remove()).status, 404);
});

test('of an active node in maintenance the allocation may be deleted', async () => {
  const resourceClass = newClass();
  const nodeUuid = await at.makeFree(resourceClass);
  const uuid = await at.allocate({ resource_class: resourceClass });
  await at.set(nodeUuid, { provisionState: 'active', maintenance: true });

  assert.equal((await at.api.ask('DELETE', `/v1/allocations/${uuid}`)).status, 204);
  assert.equal((await at.nodeOf(nodeUuid)).instanceUuid, null);
});

test('the allocation of a node is shown and deleted below the node', async () => {
  const resourceClass = newClass();
  const name = `n-${randomUUID()}`;
  await at.makeFree(resourceClass, { name });
  const url = `/v1/nodes/${name}/allocation`;
  const missing = await at.api.ask('GET', url);
  assert.equal(missing.status, 404);
  assert.match(missing.fault ?? '', /^Allocation for node .* was not found$/);
  const uuid = await at.allocate({ resource_class: resourceClass });

  assert.deepEqual((await at.api.ask('GET', url)).body, await at.show(uuid));
  const some = await at.api.ask('GET', `${url}?fields=state`);
  assert.deepEqual(Object.keys(some.body), ['state', 'links']);
  assert.equal((await at.api.ask('GET', url, { version: '1.51' })).status, 404);
  assert.equal((await at.api.ask('DELETE', url)).status, 204);
  assert.equal((await at.api.ask('DELETE', url)).status, 404);
  assert.equal((await at.api.ask('GET', `/v1/nodes/${randomUUID()}/allocation`)).status, 404);
});

test('a node that loses its instance UUID loses its allocation', async () => {
  const resourceClass = newClass();
  const nodeUuid = await at.makeFree(resourceClass);
  const uuid = await at.allocate({ resource_class: resourceClass });
  const body = [{ op: 'remove', path: '/instance_uuid' }];
  const free = () => at.api.ask('PATCH', `/v1/nodes/${nodeUuid}`, { body });

  await at.set(nodeUuid, { provisionState: 'active' });
  assert.equal((await free()).status, 409);
  assert.equal((await at.show(uuid)).state, 'active');
  await at.set(nodeUuid, { provisionState: 'available' });
  const freed = await free();

  assert.equal(freed.status, 200, freed.text);
  assert.equal(freed.body.allocation_uuid, null);
  assert.equal((await at.api.ask('GET', `/v1/allocations/${uuid}`)).status, 404);
});

test('a node that is allocated to a project keeps its owner', async () => {
  const resourceClass = newClass();
  const nodeUuid = await at.makeFree(resourceClass, { owner: OWNER });
  await at.allocate({ resource_class: resourceClass, owner: OWNER });
  const body = [{ op: 'replace', path: '/owner', value: STRANGER }];

  assert.equal((await at.api.ask('PATCH', `/v1/nodes/${nodeUuid}`, { body })).status, 409);
  assert.equal((await at.nodeOf(nodeUuid)).owner, OWNER);
});
