// test_conductor, test_drivers, test_allocations, test_deploy_templates, test_runbooks, test_inspection_rules,
// test_shards.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { waitFor } from '../../harness/wait-for.ts';
import { type Body, uniqueName } from '../api-client.ts';
import { type Gists, type Tempest, uuidsOf } from './tempest-world.ts';

const SETTLE_MS_MAX = 20_000;

const allocated = ({ get }: Tempest, ident: string): Promise<Body> =>
  waitFor(
    () => get(`/v1/allocations/${ident}`),
    ({ state }) => state !== 'allocating',
    SETTLE_MS_MAX,
  );

const uniqueClass = (): string => uniqueName('class').replaceAll('-', '_');

const traitName = (): string => `CUSTOM_${uniqueClass().toUpperCase()}`;

const BIOS_STEP = { interface: 'bios', step: 'factory_reset', args: {} } as const;

type Kind = {
  readonly path: string;
  readonly step: object;
  readonly other: object;
};

/** Deploy templates and runbooks are tried alike. */
const checkStepLists = async (world: Tempest, { path, step, other }: Kind): Promise<void> => {
  const key = path.split('/').at(-1) ?? '';
  const [name, uuid] = [traitName(), randomUUID()];
  const made = await world.post(path, { name, uuid, steps: [step], extra: { a: 'b' } });
  const rival = await world.post(path, { name: traitName(), steps: [step] });
  assert.deepEqual([made.uuid, made.steps], [uuid, [step]]);
  assert.ok(made.links.some(({ href }: Body) => href.endsWith(`${path}/${uuid}`)));
  assert.equal((await world.get(`${path}/${name}`)).uuid, uuid);
  const page = await world.get(`${path}?limit=1`);
  assert.equal(page[key].length, 1);
  assert.match(page.next, /marker=/);
  const detail: readonly Body[] = (await world.get(`${path}?detail=true`))[key];
  assert.deepEqual(detail.find((each) => each.uuid === uuid).steps, [step]);

  const one = `${path}/${uuid}`;
  const renamed = traitName();
  const changed = await world.patch(one, [
    { op: 'replace', path: '/name', value: renamed },
    { op: 'add', path: '/steps/1', value: other },
    { op: 'replace', path: '/extra', value: { c: 'd' } },
  ]);
  assert.deepEqual([changed.name, changed.steps.length, changed.extra], [renamed, 2, { c: 'd' }]);
  const fewer = await world.patch(one, [{ op: 'remove', path: '/steps/1' }]);
  assert.deepEqual(fewer.steps, [step]);

  const good = { name: traitName(), steps: [step] };
  for (const wrong of [
    { name: undefined },
    { steps: undefined },
    { steps: [] },
    { steps: 'none' },
    { steps: [{ ...step, interface: 'no-such' }] },
    { steps: [{ ...step, step: undefined }] },
    { uuid: 'malformed' },
    { extra: 'no object' },
    { nothing: 1 },
  ]) {
    await world.refused(400, 'POST', path, { body: { ...good, ...wrong } });
  }
  for (const taken of [{ name: renamed }, { uuid }]) {
    await world.refused(409, 'POST', path, { body: { ...good, ...taken } });
  }
  const steal = [{ op: 'replace', path: '/name', value: rival.name }];
  await world.refused(409, 'PATCH', one, { body: steal });
  for (const wrong of [
    { op: 'remove', path: '/name' },
    { op: 'remove', path: '/steps' },
    { op: 'replace', path: '/uuid', value: randomUUID() },
    { op: 'add', path: '/nothing', value: 1 },
  ]) {
    await world.refused(400, 'PATCH', one, { body: [wrong] });
  }
  await world.remove(one);
  await world.remove(`${path}/${rival.name}`);
  for (const method of ['GET', 'DELETE']) await world.refused(404, method, one);
};

const RULE = {
  actions: [{ op: 'set-attribute', args: { path: '/extra/seen', value: 'yes' } }],
  conditions: [
    { op: 'eq', args: { values: ['{inventory[cpu][count]}', 8] } },
    { op: '!contains', args: ['{inventory[hostname]}', 'lab'], multiple: 'all' },
    { op: 'gt', args: { values: ['{item}', 2] }, loop: [1, 2], multiple: 'last' },
  ],
} as const;
const RULES = '/v1/inspection_rules';

export const CATALOG_GISTS: Gists = {
  'test_conductor: listed, in detail, shown, from 1.49 on': async ({ get, refused }) => {
    const [first] = (await get('/v1/conductors', { version: '1.49' })).conductors;
    const [full] = (await get('/v1/conductors/detail')).conductors;
    const shown = await get(`/v1/conductors/${first.hostname}`);

    assert.equal(first.alive, true);
    assert.ok(full.drivers.includes('fake-hardware'));
    assert.deepEqual(shown.drivers, full.drivers);
    await refused(404, 'GET', '/v1/conductors/nobody');
    await refused(404, 'GET', '/v1/conductors', { version: '1.48' });
  },
  'test_drivers: listed, shown, with properties and those of logical disks': async ({ get }) => {
    const names = (await get('/v1/drivers')).drivers.map(({ name }: Body) => name);
    assert.ok(names.includes('fake-hardware'));
    assert.equal((await get('/v1/drivers/fake-hardware')).name, 'fake-hardware');
    const properties = await get('/v1/drivers/fake-hardware/properties');
    assert.ok(Object.values(properties).every((text) => typeof text === 'string'));
    const disks = await get('/v1/drivers/fake-hardware/raid/logical_disk_properties', {
      version: '1.12',
    });
    for (const key of [
      'controller',
      'disk_type',
      'interface_type',
      'is_root_volume',
      'number_of_physical_disks',
      'physical_disks',
      'raid_level',
      'share_physical_disks',
      'size_gb',
      'volume_name',
    ]) {
      assert.equal(typeof disks[key], 'string', key);
    }
  },
  'test_allocations: by class, traits and candidates; shown and deleted by both names': async (
    world,
  ) => {
    const kind = uniqueClass();
    const gold = await world.makeNode('available', { resource_class: kind });
    const plain = await world.makeNode('available', { resource_class: kind });
    await world.put(`/v1/nodes/${gold.uuid}/traits`, { traits: ['CUSTOM_GOLD'] });
    const name = uniqueName('wanted');
    const wish = { resource_class: kind, name, traits: ['CUSTOM_GOLD'] };
    const made = await world.post('/v1/allocations', wish, { version: '1.52' });
    assert.equal(made.state, 'allocating');
    const done = await allocated(world, made.uuid);
    assert.deepEqual([done.state, done.node_uuid], ['active', gold.uuid]);
    const node = await world.get(`/v1/nodes/${gold.uuid}`);
    assert.deepEqual([node.instance_uuid, node.instance_info.traits], [made.uuid, ['CUSTOM_GOLD']]);
    assert.equal((await world.get(`/v1/nodes/${gold.uuid}/allocation`)).uuid, made.uuid);
    const second = await world.post('/v1/allocations', {
      resource_class: kind,
      candidate_nodes: [plain.name],
    });
    assert.equal((await allocated(world, second.uuid)).node_uuid, plain.uuid);

    for (const [filter, wanted] of [
      [`node=${gold.name}`, [made.uuid]],
      [`resource_class=${kind}&state=active`, [made.uuid, second.uuid]],
      [`resource_class=${kind}&state=error`, []],
    ] as const) {
      const { allocations } = await world.get(`/v1/allocations?${filter}`);
      assert.deepEqual(uuidsOf(allocations), wanted, filter);
    }
    await world.refused(409, 'POST', '/v1/allocations', { body: wish });
    await world.remove(`/v1/allocations/${name}`);
    await world.remove(`/v1/nodes/${plain.uuid}/allocation`);
    for (const { uuid } of [made, second]) {
      await world.refused(404, 'GET', `/v1/allocations/${uuid}`);
    }
  },
  'test_allocations: without a node that fits it ends in error': async (world) => {
    const kind = uniqueClass();
    await world.makeNode('available', { resource_class: kind });
    for (const wish of [
      { resource_class: uniqueClass() },
      { resource_class: kind, traits: ['CUSTOM_NOBODY_HAS'] },
    ]) {
      const made = await world.post('/v1/allocations', wish);
      const { state, last_error: error } = await allocated(world, made.uuid);
      assert.equal(state, 'error');
      assert.match(error, /Failed to process allocation/);
    }
    const body = { resource_class: kind, candidate_nodes: ['nobody'] };
    await world.refused(400, 'POST', '/v1/allocations', { body });
  },
  'test_allocations: written down for an active node, from 1.58 on': async (world) => {
    const kind = uniqueClass();
    const node = await world.makeNode('active', { resource_class: kind });
    const body = { node: node.name, name: uniqueName('before') };
    await world.refused(406, 'POST', '/v1/allocations', { body, version: '1.57' });
    const made = await world.post('/v1/allocations', body);

    const done = await allocated(world, made.uuid);
    assert.deepEqual(
      [done.state, done.node_uuid, done.resource_class],
      ['active', node.uuid, kind],
    );
    const cut = await world.get(`/v1/allocations/${body.name}.json`, { version: '1.90' });
    assert.equal(cut.uuid, made.uuid);
    await world.refused(404, 'GET', `/v1/allocations/${body.name}.json`, { version: '1.91' });
    await world.refused(409, 'DELETE', `/v1/allocations/${made.uuid}`);
  },
  'test_deploy_templates: life, and what is none': (world) =>
    checkStepLists(world, {
      path: '/v1/deploy_templates',
      step: { ...BIOS_STEP, priority: 50 },
      other: { interface: 'raid', step: 'delete_configuration', args: {}, priority: 60 },
    }),
  'test_runbooks: life, and what is none': (world) =>
    checkStepLists(world, {
      path: '/v1/runbooks',
      step: { ...BIOS_STEP, order: 1 },
      other: { interface: 'raid', step: 'delete_configuration', args: {}, order: 2 },
    }),
  'test_runbooks: one and steps at once are refused': async (world) => {
    const node = await world.makeNode('manageable');
    const runbook = traitName();
    await world.post('/v1/runbooks', { name: runbook, steps: [{ ...BIOS_STEP, order: 1 }] });
    const body = { target: 'clean', runbook, clean_steps: [BIOS_STEP] };

    await world.refused(400, 'PUT', `/v1/nodes/${node.uuid}/states/provision`, { body });
  },
  'test_inspection_rules: complex conditions, what is sensitive is hidden': async (world) => {
    const made = await world.post(RULES, { ...RULE, priority: 100, description: 'd' });
    const secret = await world.post(RULES, { ...RULE, sensitive: true });
    const shown = await world.get(`${RULES}/${secret.uuid}`);
    const found = uuidsOf((await world.get(RULES)).inspection_rules);

    assert.equal(made.conditions.length, RULE.conditions.length);
    assert.ok(found.includes(made.uuid) && found.includes(secret.uuid));
    assert.deepEqual([shown.sensitive, shown.actions, shown.conditions], [true, null, null]);
    const changed = await world.patch(`${RULES}/${made.uuid}`, [
      { op: 'replace', path: '/priority', value: 7 },
      { op: 'replace', path: '/description', value: 'other' },
    ]);
    assert.deepEqual([changed.priority, changed.description], [7, 'other']);
    await world.remove(`${RULES}/${made.uuid}`);
    await world.refused(404, 'GET', `${RULES}/${made.uuid}`);
    await world.remove(`${RULES}/${secret.uuid}`);
  },
  'test_inspection_rules_negatives: priority -1, a wrong UUID, no actions': async (world) => {
    for (const wrong of [
      { priority: -1 },
      { priority: 'high' },
      { uuid: 'malformed' },
      { actions: [] },
      { actions: undefined },
      { actions: [{ op: 'no-such', args: {} }] },
      { conditions: [{ op: 'no-such', args: [] }] },
      { phase: 'never' },
      { nothing: 1 },
    ]) {
      await world.refused(400, 'POST', RULES, { body: { ...RULE, ...wrong } });
    }
    await world.refused(400, 'GET', `${RULES}/malformed`);
    await world.refused(404, 'GET', `${RULES}/${randomUUID()}`);
  },
  'test_shards: given at birth or later, filtered, counted': async (world) => {
    const [first, second] = [uniqueName('shard'), uniqueName('shard')];
    const born = await world.makeNode('enroll', { shard: first });
    const moved = await world.makeNode();
    await world.patch(`/v1/nodes/${moved.uuid}`, [{ op: 'add', path: '/shard', value: second }]);
    const nodes = async (query: string) => uuidsOf((await world.get(`/v1/nodes?${query}`)).nodes);

    assert.deepEqual(await nodes(`shard=${first}`), [born.uuid]);
    assert.deepEqual(await nodes(`shard=${first},${second}`), [born.uuid, moved.uuid]);
    const sharded = await nodes('sharded=true');
    assert.ok(sharded.includes(born.uuid) && sharded.includes(moved.uuid));
    const without = await nodes('sharded=false');
    assert.ok(!without.includes(born.uuid) && !without.includes(moved.uuid));
    const { shards } = await world.get('/v1/shards');
    assert.equal(shards.find(({ name }: Body) => name === first).count, 1);
    await world.refused(406, 'GET', `/v1/nodes?shard=${first}`, { version: '1.81' });
    await world.refused(404, 'GET', '/v1/shards', { version: '1.81' });
  },
};
