// Many callers who want contradictory things of few nodes at once. Whatever they get for an answer, it is never a
// defect; and when they have gone, every node comes to rest, held by nobody.

import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { openStore, type Store } from '#store/database';
import { isLeased } from '#store/leases';
import { CHILD_TABLES, findNode } from '#store/nodes';
import { findOpenWorkflow } from '#store/workflows';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { startPostgres } from './postgres-server.ts';
import { ALL_FAKE, openService, type Service } from './provision/with-service.ts';

const NODES = 4;
const CALLERS = 8;
const CALLS_OF_EACH = 60;

type Ask = readonly [
  method: Parameters<Service['ask']>[0],
  path: string,
  body?: object | readonly object[],
];
type Random = (limit: number) => number;

/** Park and Miller's, for the same storm from the same seed. */
const randomOf = (seed: number): Random => {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
};

const STEPS = [
  { interface: 'deploy', step: 'erase_devices' },
  { interface: 'deploy', step: 'hold' },
  { interface: 'raid', step: 'create_configuration' },
  { interface: 'power', step: 'reboot', execute_on_child_nodes: true },
  { interface: 'bios', step: 'factory_reset' },
  { interface: 'deploy', step: 'no_such_step' },
];

const VERBS: readonly object[] = [
  ...['active', 'rebuild', 'deleted', 'manage', 'provide', 'inspect', 'abort', 'adopt'].map(
    (target) => ({ target }),
  ),
  ...['unrescue', 'unhold', 'abort', 'manage', 'provide'].map((target) => ({ target })),
  { target: 'rescue', rescue_password: 'a password' },
  { target: 'clean', clean_steps: STEPS.slice(0, 4) },
  { target: 'clean', clean_steps: STEPS.slice(4) },
  { target: 'service', service_steps: STEPS.slice(1, 3) },
];

const callsTo = (uuid: string, other: string, random: Random): readonly Ask[] => {
  const node = `/v1/nodes/${uuid}`;
  const patch = (op: string, path: string, value?: unknown): Ask => [
    'PATCH',
    node,
    [{ op, path, ...(value === undefined ? {} : { value }) }],
  ];
  const number = random(1_000);
  return [
    ...VERBS.map((body): Ask => ['PUT', `${node}/states/provision`, body]),
    ['PUT', `${node}/states/power`, { target: 'rebooting' }],
    ['PUT', `${node}/states/power`, { target: 'power on' }],
    ['PUT', `${node}/states/boot_mode`, { target: 'uefi' }],
    ['PUT', `${node}/states/console`, { enabled: number % 2 === 0 }],
    ['PUT', `${node}/states/raid`, { logical_disks: [{ raid_level: '1', size_gb: number + 1 }] }],
    ['PUT', `${node}/management/indicators/led@system`, { state: 'blinking' }],
    ['POST', `${node}/vendor_passthru/first_method`, { bar: 'baz' }],
    ['POST', `${node}/vmedia`, { device_type: 'cdrom', image_url: 'https://example.com/a.iso' }],
    ['DELETE', `${node}/vmedia`],
    ['PUT', `${node}/maintenance`],
    ['DELETE', `${node}/maintenance`],
    ['DELETE', `${node}/maintenance`],
    ['PUT', `${node}/traits/CUSTOM_T${number % 9}`],
    ['DELETE', `${node}/traits`],
    ['POST', `${node}/vifs`, { id: randomUUID() }],
    ['DELETE', node],
    ['POST', '/v1/nodes', { uuid, driver: 'fake-hardware', resource_class: 'metal' }],
    ['GET', `${node}/validate`],
    ['GET', `/bessemer/nodes/${uuid}/why`],
    ['POST', '/v1/allocations', { resource_class: 'metal', name: `a${number % 5}` }],
    ['DELETE', `/v1/allocations/a${number % 5}`],
    ['DELETE', `${node}/allocation`],
    patch('add', '/extra/n', number),
    patch('replace', '/driver_info', { fake_password: `secret-${number}` }),
    patch('add', '/instance_info/n', number),
    patch('remove', '/instance_uuid'),
    patch('add', '/parent_node', other),
    patch('remove', '/parent_node'),
    patch('replace', '/driver', 'fake-hardware'),
    patch('replace', '/retired', number % 2 === 0),
  ];
};

const storm = async (given: Store | undefined, seed: number): Promise<void> => {
  const service = await openService({}, given);
  try {
    const uuids: NodeUuid[] = [];
    for (let index = 0; index < NODES; index += 1) {
      const { uuid } = await service.makeNode({
        interfaces: { ...ALL_FAKE, console: 'fake', vendor: 'fake' },
        provisionState:
          (['available', 'manageable', 'active', 'enroll'] as const)[index] ?? 'enroll',
        powerState: 'power off',
        resourceClass: 'metal',
      });
      uuids.push(uuid);
      await service.ask('POST', '/v1/ports', {
        body: { node_uuid: uuid, address: `52:54:00:00:00:0${index}` },
      });
    }
    const call = async (random: Random): Promise<void> => {
      const uuid = uuids[random(NODES)] ?? '';
      const calls = callsTo(uuid, uuids[random(NODES)] ?? '', random);
      const [method, path, body] = calls[random(calls.length)] as Ask;
      const { status, text } = await service.ask(method, path, body === undefined ? {} : { body });
      assert.ok(status < 500, `${method} ${path} ${JSON.stringify(body)}: ${status} ${text}`);
    };
    await Promise.all(
      Array.from({ length: CALLERS }, async (_each, caller) => {
        const random = randomOf(seed + caller + 1);
        for (let index = 0; index < CALLS_OF_EACH; index += 1) await call(random);
      }),
    );
    for (const uuid of uuids) {
      if ((await findNode(service.store.db, uuid)) === undefined) await leftNothing(service, uuid);
      else await settles(service, uuid);
    }
  } finally {
    await service.close();
  }
};

/** A node that somebody held, or that waits, is given up; then nobody has it. */
const settles = async (service: Service, uuid: NodeUuid): Promise<void> => {
  await service.until(uuid, ({ reservation }) => reservation === null);
  const { provisionState } = await service.nodeOf(uuid);
  if (/ (?:hold|wait)$/.test(provisionState)) {
    await service.ask('DELETE', `/v1/nodes/${uuid}/maintenance`);
    // Just this moment it may go on by itself.
    await service.tell(uuid, { target: 'abort' });
  }
  const node = await service.until(
    uuid,
    ({ reservation, provisionState: state }) => reservation === null && !state.endsWith('ing'),
  );
  const nowMs = Date.now();
  assert.equal(await findOpenWorkflow(service.store.db, uuid), undefined, node.provisionState);
  assert.equal(await isLeased(service.store.db, uuid, nowMs), false, node.provisionState);
  assert.equal(node.targetPowerState, null);
  assert.ok(!JSON.stringify(await findNode(service.store.db, uuid)).includes('secret-'));
};

/** Whoever worked on a node that was deleted left nothing behind that nobody would find. */
const leftNothing = async ({ store }: Service, uuid: NodeUuid): Promise<void> => {
  for (const table of CHILD_TABLES) {
    const rows = await store.db
      .selectFrom(table)
      .select('node_uuid')
      .where('node_uuid', '=', uuid)
      .execute();
    assert.equal(rows.length, 0, table);
  }
};

describe('a storm of contradictory calls', () => {
  const seed = Number(process.env['BESSEMER_STORM_SEED'] ?? randomInt(1, 1_000_000));

  test(`on SQLite (seed ${seed})`, () => storm(undefined, seed));

  test(`on PostgreSQL (seed ${seed})`, async () => {
    const server = await startPostgres();
    try {
      const url = await server.createDatabase();
      await storm(await openStore({ engine: 'postgres', url }), seed);
    } finally {
      await server.stop();
    }
  });
});
