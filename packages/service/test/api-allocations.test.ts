// Allocations over HTTP: made, worked on, and who gets which node.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { processAllocation } from '#conductor/allocation/process-allocation';

import { type Allocations, newClass, openAllocations } from './api/with-allocations.ts';

let at: Allocations;

before(async () => {
  at = await openAllocations();
});

after(async () => {
  await at?.api.close();
});

test('an allocation is answered at once and gets a node afterwards', async () => {
  const resourceClass = newClass();
  const name = `a-${randomUUID()}`;
  const nodeUuid = await at.makeFree(resourceClass, {}, { traits: ['CUSTOM_A', 'CUSTOM_B'] });

  const made = await at.post({
    name,
    resource_class: resourceClass,
    traits: ['CUSTOM_A'],
    extra: { a: 1 },
  });

  assert.equal(made.status, 201);
  const { uuid } = made.body;
  assert.equal(made.headers['location'], `http://test.example:6385/v1/allocations/${uuid}`);
  assert.match(made.body.created_at, /^\d{4}-.*\+00:00$/);
  assert.deepEqual(
    { ...made.body, created_at: 'then' },
    {
      uuid,
      name,
      node_uuid: null,
      state: 'allocating',
      resource_class: resourceClass,
      traits: ['CUSTOM_A'],
      candidate_nodes: [],
      extra: { a: 1 },
      last_error: null,
      owner: null,
      created_at: 'then',
      updated_at: null,
      links: [
        { href: `http://test.example:6385/v1/allocations/${uuid}`, rel: 'self' },
        { href: `http://test.example:6385/allocations/${uuid}`, rel: 'bookmark' },
      ],
    },
  );

  await at.work();

  const active = await at.show(name);
  assert.equal(active.state, 'active');
  assert.equal(active.node_uuid, nodeUuid);
  const node = (await at.api.ask('GET', `/v1/nodes/${nodeUuid}`)).body;
  assert.equal(node.instance_uuid, uuid);
  assert.equal(node.allocation_uuid, uuid);
  assert.deepEqual(node.instance_info, { traits: ['CUSTOM_A'] });
  const listed = await at.api.ask('GET', `/v1/nodes?instance_uuid=${uuid}&fields=allocation_uuid`);
  assert.equal(listed.body.nodes[0].allocation_uuid, uuid);
  const below = await at.api.ask('GET', `/v1/nodes/${nodeUuid}`, { version: '1.51' });
  assert.equal('allocation_uuid' in below.body, false);
});

test('without a node that fits the allocation ends in error and says why', async () => {
  const resourceClass = newClass();
  const nodeUuid = await at.makeFree(resourceClass);

  const none = await at.allocate({ resource_class: 'nothing-like-this' });
  const traits = await at.allocate({ resource_class: resourceClass, traits: ['CUSTOM_A'] });
  const asked = await at.allocate({ resource_class: 'other', candidate_nodes: [nodeUuid] });

  assert.equal((await at.show(none)).state, 'error');
  assert.equal(
    (await at.show(none)).last_error,
    `Failed to process allocation ${none}: no available nodes match the resource class nothing-like-this.`,
  );
  assert.match(
    (await at.show(traits)).last_error,
    /no suitable nodes have the requested traits CUSTOM_A/,
  );
  assert.match((await at.show(asked)).last_error, /none of the requested nodes are available/);
  assert.equal((await at.nodeOf(nodeUuid)).instanceUuid, null);
});

test('candidates are taken in their order, by name or UUID', async () => {
  const resourceClass = newClass();
  const name = `n-${randomUUID()}`;
  const first = await at.makeFree(resourceClass, { name });
  const second = await at.makeFree(resourceClass);
  await at.makeFree(resourceClass);
  const body = { resource_class: resourceClass, candidate_nodes: [name, second.toUpperCase()] };

  const got = [await at.allocate(body), await at.allocate(body), await at.allocate(body)];

  const shown = await Promise.all(got.map(at.show));
  assert.deepEqual(shown[0].candidate_nodes, [first, second]);
  assert.deepEqual(
    shown.map((each) => each.node_uuid),
    [first, second, null],
  );
});

test('a node that is called like the allocation goes first from 1.79 on', async () => {
  const resourceClass = newClass();
  const names = Array.from({ length: 5 }, () => `n-${randomUUID()}`);
  for (const name of names) await at.makeFree(resourceClass, { name });

  for (const name of names) {
    const { body } = await at.post({ resource_class: resourceClass, name }, { version: '1.79' });
    await at.work();
    const { node_uuid: nodeUuid } = await at.show(body.uuid);
    assert.equal((await at.nodeOf(nodeUuid)).name, name);
  }
});

test('of many allocations for few nodes each node is given once', async () => {
  const resourceClass = newClass();
  const nodes = await Promise.all([1, 2, 3, 4, 5].map(() => at.makeFree(resourceClass)));
  const made = await Promise.all(
    Array.from({ length: 12 }, () => at.post({ resource_class: resourceClass })),
  );
  const uuids = made.map(({ body }) => body.uuid as string);
  at.api.conductor.nudged.length = 0;

  // As if each were worked on by two conductors at the same time.
  await Promise.all([...uuids, ...uuids].map((uuid) => processAllocation(at.api.parts, uuid)));

  const shown = await Promise.all(uuids.map(at.show));
  const active = shown.filter(({ state }) => state === 'active');
  assert.deepEqual(new Set(active.map((each) => each.node_uuid)), new Set(nodes));
  assert.equal(active.length, nodes.length);
  assert.equal(shown.filter(({ state }) => state === 'error').length, 7);
  for (const { uuid, node_uuid: nodeUuid } of active) {
    assert.equal((await at.nodeOf(nodeUuid)).instanceUuid, uuid);
  }
});

test('nodes that are locked now are waited for', async () => {
  const resourceClass = newClass();
  const nodeUuid = await at.makeFree(resourceClass, {}, { reservation: 'conductor-1' });
  const { body } = await at.post({ resource_class: resourceClass });
  at.api.conductor.nudged.length = 0;

  assert.equal(await processAllocation(at.api.parts, body.uuid), 'locked');
  assert.equal((await at.show(body.uuid)).state, 'allocating');
  await at.set(nodeUuid, { reservation: null });
  assert.equal(await processAllocation(at.api.parts, body.uuid), 'ended');
  assert.equal((await at.show(body.uuid)).node_uuid, nodeUuid);

  const impatient = {
    ...at.api.parts,
    clock: { ...at.api.parts.clock, wallMs: () => Date.now() + 3_600_000 },
  };
  await at.makeFree(resourceClass, {}, { reservation: 'conductor-1' });
  const { body: second } = await at.post({ resource_class: resourceClass });
  assert.equal(await processAllocation(impatient, second.uuid), 'ended');
  assert.match(
    (await at.show(second.uuid)).last_error,
    /could not reserve any of 1 suitable nodes/,
  );
  at.api.conductor.nudged.length = 0;
});

test('an allocation is written down for a node that is active already', async () => {
  const resourceClass = newClass();
  const name = `n-${randomUUID()}`;
  const nodeUuid = await at.makeFree(resourceClass, { name }, { provisionState: 'active' });

  const made = await at.post({ node: name, name: `a-${randomUUID()}` });

  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.state, 'active');
  assert.equal(made.body.node_uuid, nodeUuid);
  assert.equal(made.body.resource_class, resourceClass);
  assert.equal((await at.nodeOf(nodeUuid)).instanceUuid, made.body.uuid);
  assert.deepEqual(at.api.conductor.nudged, []);
  const again = await at.post({ node: nodeUuid });
  assert.equal(again.status, 409);
  assert.match(again.fault ?? '', /is associated with instance/);
});

test('an allocation takes over the instance UUID that its node has', async () => {
  const instanceUuid = randomUUID();
  const nodeUuid = await at.makeFree(newClass(), {}, { provisionState: 'active', instanceUuid });

  const made = await at.post({ node: nodeUuid, uuid: instanceUuid });

  assert.equal(made.status, 201);
  assert.equal((await at.nodeOf(nodeUuid)).allocationUuid, instanceUuid);
});

test('only active nodes that fit are backfilled, and nothing is left behind else', async () => {
  const resourceClass = newClass();
  const active = { provisionState: 'active' } as const;
  const idle = await at.makeFree(resourceClass);
  const fit = await at.makeFree(resourceClass, {}, active);
  const locked = await at.makeFree(resourceClass, {}, { ...active, reservation: 'conductor-1' });
  const other = await at.makeFree(resourceClass);

  const cases: [object, number][] = [
    [{ node: idle }, 409],
    [{ node: locked }, 409],
    [{ node: fit, resource_class: 'other' }, 409],
    [{ node: fit, traits: ['CUSTOM_A'] }, 409],
    [{ node: fit, candidate_nodes: [other] }, 400],
    [{ node: fit, owner: 'somebody' }, 409],
  ];
  for (const [body, status] of cases) {
    assert.equal((await at.post(body)).status, status, JSON.stringify(body));
  }
  const { allocations } = (
    await at.api.ask('GET', `/v1/allocations?resource_class=${resourceClass}`)
  ).body;
  assert.deepEqual(allocations, []);
  assert.equal((await at.nodeOf(fit)).instanceUuid, null);
});
