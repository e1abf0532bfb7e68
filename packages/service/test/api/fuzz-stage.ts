// A service for the fuzzer: every kind of object stands there under an identifier that never changes, nodes in each
// state of rest, so that requests are the same whenever the seed is.

import { processAllocation } from '#conductor/allocation/process-allocation';
import { replaceBiosSettings } from '#store/bios-settings';
import { saveInventory } from '#store/inventories';
import { updateNode } from '#store/nodes';

import type { ProvisionState } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Words } from './fuzz-values.ts';
import type { Idents } from './fuzz-requests.ts';
import { LESSEE, OWNER } from './personas.ts';
import type { Api } from './with-api.ts';

/** No answer may ever hold it. */
export const CANARY = 'CANARY-0f1e2d3c';

const uuidOf = (kind: number, at: number): string =>
  `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(at).padStart(12, '0')}`;

const NODE_STATES: readonly ProvisionState[] = [
  'enroll',
  'manageable',
  'available',
  'active',
  'deploy failed',
  'clean failed',
  'clean wait',
  'clean hold',
  'inspect failed',
  'rescue',
  'service hold',
  'error',
];
const NODES = NODE_STATES.map((_state, at) => uuidOf(1, at));
const NODE_NAMES = NODE_STATES.map((_state, at) => `n${at}`);
const SOME = [0, 1, 2];
const of = (kind: number): readonly string[] => SOME.map((at) => uuidOf(kind, at));
const [PORTS, PORTGROUPS, CHASSIS, CONNECTORS, TARGETS, ALLOCATIONS, TEMPLATES, RUNBOOKS, RULES] = [
  of(2),
  of(3),
  of(4),
  of(5),
  of(6),
  of(7),
  of(8),
  of(9),
  of(10),
] as const;
const ADDRESSES = SOME.map((at) => `52:54:00:00:00:0${at}`);
const METHODS = [
  'first_method',
  'third_method_sync',
  'send_raw',
  'agent_sessions',
  'agent_session_revoke',
  'agent_window_open',
  'zz',
];
const TRAITS = ['CUSTOM_A', 'CUSTOM_B', 'HW_CPU_X86_VMX'];

/** By parameter of a path; `ident` by the collection that it is in. */
export const IDENTS: Idents = {
  // The first three have something below them.
  heartbeat: NODES,
  nodes: [...NODES, ...NODE_NAMES, 'n0', 'n0', 'n0', 'n0', 'n0', 'n1', 'n1', 'n2', 'n2'],
  ports: [...PORTS, 'p0', ...ADDRESSES],
  portgroups: [...PORTGROUPS, 'g0'],
  chassis: CHASSIS,
  connectors: CONNECTORS,
  targets: TARGETS,
  allocations: [...ALLOCATIONS, 'a0'],
  deploy_templates: [...TEMPLATES, 'CUSTOM_T0'],
  runbooks: [...RUNBOOKS, 'CUSTOM_R0'],
  inspection_rules: RULES,
  name: ['fake-hardware', 'redfish', 'zz'],
  hostname: ['conductor-1', 'zz'],
  trait: TRAITS,
  vif: ['vif-1', 'vif-2'],
  setting: ['virtualization', 'zz'],
  entry: SOME.map((at) => NODES[at] ?? ''),
  place: ['led@system', 'led@chassis', 'zz', 'led@', '@'],
  method: METHODS,
};

const STEP = { interface: 'deploy', step: 'x' };

export const WORDS: Words = {
  target: [
    'active',
    'deleted',
    'rebuild',
    'manage',
    'provide',
    'inspect',
    'clean',
    'abort',
    'adopt',
    'rescue',
    'unrescue',
    'unhold',
    'service',
    'power on',
    'power off',
    'soft rebooting',
    'uefi',
    true,
  ],
  driver: ['fake-hardware', 'redfish'],
  node: [...NODES, ...NODE_NAMES],
  node_uuid: NODES,
  node_ident: NODE_NAMES,
  parent_node: [...NODES, ...NODE_NAMES],
  chassis_uuid: CHASSIS,
  portgroup_uuid: PORTGROUPS,
  port_uuid: PORTS,
  portgroup: [...PORTGROUPS, 'g0'],
  marker: [...NODES, ...PORTS, ...PORTGROUPS],
  address: [...ADDRESSES, '52:54:00:00:00:0a', '52:54:00:00:00:0b'],
  candidate_nodes: [[...NODES], [...NODE_NAMES], []],
  traits: [TRAITS, [], ['CUSTOM_A']],
  runbook: ['CUSTOM_R0', ...RUNBOOKS],
  interface: ['deploy', 'bios', 'raid', 'power', 'management'],
  step: ['erase_devices_metadata', 'apply_configuration', 'hold', 'x'],
  steps: [[{ ...STEP, args: {}, priority: 1 }], [{ ...STEP, args: {}, order: 1 }]],
  actions: [[{ op: 'log', args: { msg: 'x' } }], [{ op: 'set-attribute', args: ['/extra/a', 1] }]],
  conditions: [[{ op: 'eq', args: [1, 1] }], []],
  fields: ['uuid', 'name,uuid', 'uuid,extra', 'driver_info,traits,conductor', 'zz'],
  sort_key: ['id', 'uuid', 'name', 'created_at', 'updated_at', 'address', 'extra', 'zz'],
  limit: [1, 2, 1_000, 0, -1],
  phase: ['main', 'zz'],
  provision_state: [...NODE_STATES],
  resource_class: ['rc'],
  local_link_connection: [
    {},
    { switch_id: '52:54:00:12:34:56', port_id: 'eth1/1' },
    { port_id: 'p', hostname: 'h' },
    { network_type: 'unmanaged' },
  ],
  configdrive: ['aGk=', 'https://example.org/drive', { meta_data: {}, user_data: 'x' }],
  boot_device: ['pxe', 'disk', 'cdrom', 'bios'],
  state: ['on', 'off', 'blinking', 'active', 'allocating'],
  method: METHODS,
  addresses: [...ADDRESSES, ADDRESSES.join(',')],
  mac_address: ADDRESSES,
  callback_url: ['https://127.0.0.1:9999', 'http://10.0.0.1:9999', ''],
  bar: ['baz', 'meow'],
  id: ['vif-2', 'vif-3'],
  events: [
    [
      {
        event: 'network.bind_port',
        port_id: PORTS[0] ?? '',
        mac_address: ADDRESSES[0] ?? '',
        status: 'ACTIVE',
      },
    ],
  ],
  image_url: ['https://example.org/a.iso', 'file:///a.iso', 'x:'],
  name: ['n1', 'CUSTOM_X', 'fresh-name'],
};

const KIND_PATHS: readonly (readonly [string, (at: number) => object])[] = [
  ['/v1/chassis', (at) => ({ uuid: CHASSIS[at], description: 'c' })],
  [
    '/v1/portgroups',
    (at) => ({ uuid: PORTGROUPS[at], node_uuid: NODES[at], name: `g${at}`, properties: { a: 1 } }),
  ],
  [
    '/v1/ports',
    (at) => ({ uuid: PORTS[at], node_uuid: NODES[at], address: ADDRESSES[at], name: `p${at}` }),
  ],
  [
    '/v1/volume/connectors',
    (at) => ({ uuid: CONNECTORS[at], node_uuid: NODES[at], type: 'iqn', connector_id: `c${at}` }),
  ],
  [
    '/v1/volume/targets',
    (at) => ({
      uuid: TARGETS[at],
      node_uuid: NODES[at],
      volume_type: 'iscsi',
      volume_id: 'v',
      boot_index: at,
      properties: { auth_password: CANARY },
    }),
  ],
  [
    '/v1/allocations',
    (at) => ({
      uuid: ALLOCATIONS[at],
      name: `a${at}`,
      resource_class: 'rc',
      ...(at === 0 ? { owner: OWNER } : {}),
    }),
  ],
  [
    '/v1/deploy_templates',
    (at) => ({
      uuid: TEMPLATES[at],
      name: `CUSTOM_T${at}`,
      steps: [{ ...STEP, args: { password: CANARY }, priority: 1 }],
    }),
  ],
  [
    '/v1/runbooks',
    (at) => ({
      uuid: RUNBOOKS[at],
      name: `CUSTOM_R${at}`,
      steps: [{ ...STEP, args: {}, order: 1 }],
    }),
  ],
  [
    '/v1/inspection_rules',
    (at) => ({ uuid: RULES[at], actions: [{ op: 'log', args: { msg: 'x' } }] }),
  ],
];

const BIOS = [
  {
    name: 'virtualization',
    value: 'on',
    registry: { attribute_type: 'Enumeration', unique: false },
  },
];

const HISTORY = {
  conductor: 'conductor-1',
  severity: 'ERROR',
  event: 'e'.repeat(300),
  event_type: 'provisioning',
  user: null,
  project: null,
  state: null,
  target_provision_state: null,
  duration_ms: 1,
  created_at: '2026-11-21T02:24:26.626474+00:00',
} as const;

export const furnish = async (api: Pick<Api, 'ask' | 'parts'>): Promise<void> => {
  const post = async (path: string, body: object): Promise<void> => {
    const { status, text } = await api.ask('POST', path, { body });
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${text}`);
  };
  const { store } = api.parts;
  for (const [at, uuid] of NODES.entries()) {
    await post('/v1/nodes', {
      uuid,
      name: NODE_NAMES[at],
      driver: 'fake-hardware',
      resource_class: 'rc',
      bios_interface: 'fake',
      raid_interface: 'fake',
      rescue_interface: 'fake',
      firmware_interface: 'fake',
      driver_info: { redfish_password: CANARY },
      ...(at % 3 === 0 ? { owner: OWNER, lessee: LESSEE } : {}),
    });
  }
  for (const [path, bodyOf] of KIND_PATHS) {
    for (const at of SOME) await post(path, bodyOf(at));
  }
  for (const [at, state] of NODE_STATES.entries()) {
    await updateNode(store.db, NODES[at] as NodeUuid, {
      provisionState: state,
      powerState: 'power off',
    });
  }
  const put = async (path: string, body: object): Promise<void> => {
    await api.ask('PUT', path, { body });
  };
  for (const at of SOME) {
    const path = `/v1/nodes/${NODES[at]}`;
    await put(`${path}/traits`, { traits: ['CUSTOM_A'] });
    if (at > 0) await api.ask('POST', `${path}/vifs`, { body: { id: 'vif-1' } });
    await replaceBiosSettings(store.db, NODES[at] ?? '', BIOS, 0);
    await store.db
      .insertInto('history')
      .values({ ...HISTORY, uuid: NODES[at] ?? '', node_uuid: NODES[at] ?? '' })
      .execute();
  }
  await processAllocation(api.parts, ALLOCATIONS[1] ?? '');
  await updateNode(store.db, NODES.at(-1) as NodeUuid, { reservation: 'another-conductor' });
  await saveInventory(store.db, NODES[1] as NodeUuid, { inventory: {}, pluginData: {} }, 0);
};
