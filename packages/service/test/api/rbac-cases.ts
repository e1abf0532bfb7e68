// For each rule of the policy, a request that it decides on. None of them does harm where it is allowed: what would
// change something is refused later, as a duplicate, as locked, or because of its contents.
/* oxlint-disable max-lines -- a table: one row for each rule */

import type { RuleName } from '#policy/rules';

/** What the stage has; see `rbac-stage.ts`. */
export type Props = {
  /** Owned by OWN, leased to LES, locked. */
  readonly node: string;
  /** Like it, and not locked. */
  readonly freeNode: string;
  readonly port: string;
  readonly portAddress: string;
  readonly portgroup: string;
  readonly chassis: string;
  readonly connector: string;
  readonly target: string;
  readonly allocation: string;
  readonly template: string;
  readonly runbook: string;
  readonly inspectionRule: string;
};

export type Ask = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly body?: unknown;
};

export type RbacCase = {
  readonly rule: RuleName;
  readonly ask: (props: Props) => Ask;
  /** Rules that are asked before; `baremetal:node:get` where the object is a node or belongs to one. */
  readonly after?: readonly RuleName[];
  /** Passing one of these is enough too. */
  readonly or?: readonly RuleName[];
  /** An object that is made anew for each caller, because it may be gone afterwards. */
  readonly uses?: 'allocation' | 'template' | 'runbook' | 'inspectionRule';
  /** What only callers who pass get to see; without it, any answer but 403 and 404 is a pass. */
  readonly shows?: RegExp;
};

const OF_NODE: readonly RuleName[] = ['baremetal:node:get'];

const get =
  (path: string) =>
  ({ node }: Props): Ask => ({ method: 'GET', url: `/v1/nodes/${node}${path}` });

const put =
  (path: string, body: unknown) =>
  ({ node }: Props): Ask => ({ method: 'PUT', url: `/v1/nodes/${node}${path}`, body });

const patch =
  (path: string, value: unknown) =>
  ({ node }: Props): Ask => ({
    method: 'PATCH',
    url: `/v1/nodes/${node}`,
    body: [{ op: 'add', path, value }],
  });

const ofNode = (rule: RuleName, ask: RbacCase['ask']): RbacCase => ({ rule, ask, after: OF_NODE });

const UUID = '00000000-0000-4000-8000-000000000000';
const STEPS = [{ interface: 'deploy', step: 'erase_devices_metadata' }];
const TEMPLATE = {
  name: 'CUSTOM_RBAC',
  steps: [{ interface: 'deploy', step: 'x', args: {}, priority: 1 }],
};

const NODE_CASES: readonly RbacCase[] = [
  {
    rule: 'baremetal:node:create',
    or: ['baremetal:node:create:self_owned_node'],
    ask: ({ node }) => ({
      method: 'POST',
      url: '/v1/nodes',
      body: { driver: 'fake-hardware', uuid: node },
    }),
  },
  ofNode('baremetal:node:get', get('')),
  ofNode('baremetal:node:update:driver_info', patch('/driver_info/x', 1)),
  ofNode('baremetal:node:update:properties', patch('/properties/x', 1)),
  ofNode('baremetal:node:update:chassis_uuid', patch('/chassis_uuid', UUID)),
  ofNode('baremetal:node:update:instance_uuid', patch('/instance_uuid', UUID)),
  ofNode('baremetal:node:update:lessee', patch('/lessee', 'x')),
  ofNode('baremetal:node:update:owner', patch('/owner', 'x')),
  ofNode('baremetal:node:update:driver_interfaces', patch('/power_interface', 'x')),
  ofNode('baremetal:node:update:network_data', patch('/network_data', { links: [] })),
  ofNode('baremetal:node:update:conductor_group', patch('/conductor_group', 'x')),
  ofNode('baremetal:node:update:name', patch('/name', 'another-name')),
  ofNode('baremetal:node:update:retired', patch('/retired', true)),
  ofNode('baremetal:node:update:shard', patch('/shard', 'x')),
  ofNode('baremetal:node:update:parent_node', patch('/parent_node', UUID)),
  ofNode('baremetal:node:update:disable_power_off', patch('/disable_power_off', true)),
  ofNode('baremetal:node:update', patch('/description', 'x')),
  ofNode('baremetal:node:update_extra', patch('/extra/x', 1)),
  ofNode('baremetal:node:update_instance_info', patch('/instance_info/x', 1)),
  ofNode('baremetal:node:disable_cleaning', patch('/automated_clean', false)),
  {
    rule: 'baremetal:node:delete',
    or: ['baremetal:node:delete:self_owned_node'],
    after: OF_NODE,
    ask: ({ node }) => ({ method: 'DELETE', url: `/v1/nodes/${node}` }),
  },
  ofNode('baremetal:node:validate', get('/validate')),
  ofNode('baremetal:node:set_maintenance', put('/maintenance', { reason: 1 })),
  ofNode('baremetal:node:clear_maintenance', ({ node }) => ({
    method: 'DELETE',
    url: `/v1/nodes/${node}/maintenance`,
  })),
  ofNode('baremetal:node:get_boot_device', get('/management/boot_device')),
  ofNode('baremetal:node:set_boot_device', put('/management/boot_device', { boot_device: 'x' })),
  ofNode('baremetal:node:get_indicator_state', get('/management/indicators')),
  ofNode(
    'baremetal:node:set_indicator_state',
    put('/management/indicators/led@system', { state: 'x' }),
  ),
  ofNode('baremetal:node:inject_nmi', put('/management/inject_nmi', {})),
  ofNode('baremetal:node:get_states', get('/states')),
  ofNode('baremetal:node:set_power_state', put('/states/power', { target: 'x' })),
  ofNode('baremetal:node:set_boot_mode', put('/states/boot_mode', { target: 'x' })),
  ofNode('baremetal:node:set_secure_boot', put('/states/secure_boot', { target: 'x' })),
  ofNode('baremetal:node:set_provision_state', put('/states/provision', { target: 'unknown' })),
  {
    rule: 'baremetal:node:set_provision_state:clean_steps',
    after: [...OF_NODE, 'baremetal:node:set_provision_state'],
    ask: put('/states/provision', { target: 'clean', clean_steps: STEPS }),
  },
  {
    rule: 'baremetal:node:set_provision_state:service_steps',
    after: [...OF_NODE, 'baremetal:node:set_provision_state'],
    ask: put('/states/provision', { target: 'service', service_steps: STEPS }),
  },
  {
    rule: 'baremetal:runbook:use',
    after: [...OF_NODE, 'baremetal:node:set_provision_state', 'baremetal:runbook:get'],
    // The traits of the two have nothing in common, so it is refused after all.
    ask: ({ freeNode, runbook }) => ({
      method: 'PUT',
      url: `/v1/nodes/${freeNode}/states/provision`,
      body: { target: 'clean', runbook },
    }),
  },
  ofNode('baremetal:node:set_raid_state', put('/states/raid', { logical_disks: 'x' })),
  ofNode('baremetal:node:get_console', get('/states/console')),
  ofNode('baremetal:node:set_console_state', put('/states/console', { enabled: 'x' })),
  ofNode('baremetal:node:vif:list', get('/vifs')),
  ofNode('baremetal:node:vif:attach', ({ node }) => ({
    method: 'POST',
    url: `/v1/nodes/${node}/vifs`,
    body: { id: 7 },
  })),
  ofNode('baremetal:node:vif:detach', ({ node }) => ({
    method: 'DELETE',
    url: `/v1/nodes/${node}/vifs/${UUID}`,
  })),
  ofNode('baremetal:node:traits:list', get('/traits')),
  ofNode('baremetal:node:traits:set', put('/traits', { traits: ['not a trait'] })),
  ofNode('baremetal:node:traits:delete', ({ node }) => ({
    method: 'DELETE',
    url: `/v1/nodes/${node}/traits`,
  })),
  ofNode('baremetal:node:bios:get', get('/bios')),
  ofNode('baremetal:node:history:get', get('/history')),
  ofNode('baremetal:node:inventory:get', get('/inventory')),
  ofNode('baremetal:node:firmware:get', get('/firmware')),
  ofNode('baremetal:node:vmedia:attach', ({ node }) => ({
    method: 'POST',
    url: `/v1/nodes/${node}/vmedia`,
    body: { device_type: 'x' },
  })),
  ofNode('baremetal:node:vmedia:detach', ({ node }) => ({
    method: 'DELETE',
    url: `/v1/nodes/${node}/vmedia?device_types=cdrom`,
  })),
  ofNode('baremetal:node:vmedia:get', get('/vmedia')),
  ofNode('baremetal:node:vendor_passthru', get('/vendor_passthru/methods')),
];

const OBJECT_CASES: readonly RbacCase[] = [
  { rule: 'baremetal:shards:get', ask: () => ({ method: 'GET', url: '/v1/shards' }) },
  ofNode('baremetal:port:get', ({ port }) => ({ method: 'GET', url: `/v1/ports/${port}` })),
  {
    rule: 'baremetal:port:create',
    ask: ({ node, portAddress }) => ({
      method: 'POST',
      url: '/v1/ports',
      body: { node_uuid: node, address: portAddress },
    }),
  },
  ofNode('baremetal:port:delete', ({ port }) => ({ method: 'DELETE', url: `/v1/ports/${port}` })),
  ofNode('baremetal:port:update', ({ port }) => ({
    method: 'PATCH',
    url: `/v1/ports/${port}`,
    body: [{ op: 'replace', path: '/address', value: 'x' }],
  })),
  ofNode('baremetal:portgroup:get', ({ portgroup }) => ({
    method: 'GET',
    url: `/v1/portgroups/${portgroup}`,
  })),
  {
    rule: 'baremetal:portgroup:create',
    ask: ({ node, portgroup }) => ({
      method: 'POST',
      url: '/v1/portgroups',
      body: { node_uuid: node, uuid: portgroup },
    }),
  },
  ofNode('baremetal:portgroup:delete', ({ portgroup }) => ({
    method: 'DELETE',
    url: `/v1/portgroups/${portgroup}`,
  })),
  ofNode('baremetal:portgroup:update', ({ portgroup }) => ({
    method: 'PATCH',
    url: `/v1/portgroups/${portgroup}`,
    body: [{ op: 'replace', path: '/address', value: 'x' }],
  })),
  {
    rule: 'baremetal:chassis:get',
    ask: ({ chassis }) => ({ method: 'GET', url: `/v1/chassis/${chassis}` }),
  },
  {
    rule: 'baremetal:chassis:create',
    ask: ({ chassis }) => ({ method: 'POST', url: '/v1/chassis', body: { uuid: chassis } }),
  },
  {
    rule: 'baremetal:chassis:delete',
    ask: ({ chassis }) => ({ method: 'DELETE', url: `/v1/chassis/${chassis}` }),
  },
  {
    rule: 'baremetal:chassis:update',
    ask: ({ chassis }) => ({
      method: 'PATCH',
      url: `/v1/chassis/${chassis}`,
      body: [{ op: 'add', path: '/description', value: 7 }],
    }),
  },
  { rule: 'baremetal:driver:get', ask: () => ({ method: 'GET', url: '/v1/drivers' }) },
  {
    rule: 'baremetal:driver:get_properties',
    ask: () => ({ method: 'GET', url: '/v1/drivers/fake-hardware/properties' }),
  },
  {
    rule: 'baremetal:driver:get_raid_logical_disk_properties',
    ask: () => ({
      method: 'GET',
      url: '/v1/drivers/fake-hardware/raid/logical_disk_properties',
    }),
  },
  {
    rule: 'baremetal:driver:vendor_passthru',
    ask: () => ({ method: 'GET', url: '/v1/drivers/fake-hardware/vendor_passthru/methods' }),
  },
  {
    rule: 'baremetal:conductor:get',
    ask: () => ({ method: 'GET', url: '/v1/conductors' }),
  },
  {
    rule: 'baremetal:events:post',
    ask: () => ({ method: 'POST', url: '/v1/events', body: { events: 'x' } }),
  },
  ofNode('baremetal:volume:get', ({ target }) => ({
    method: 'GET',
    url: `/v1/volume/targets/${target}`,
  })),
  {
    rule: 'baremetal:volume:create',
    ask: ({ node, connector }) => ({
      method: 'POST',
      url: '/v1/volume/connectors',
      body: { node_uuid: node, type: 'iqn', connector_id: 'taken', uuid: connector },
    }),
  },
  ofNode('baremetal:volume:delete', ({ connector }) => ({
    method: 'DELETE',
    url: `/v1/volume/connectors/${connector}`,
  })),
  ofNode('baremetal:volume:update', ({ connector }) => ({
    method: 'PATCH',
    url: `/v1/volume/connectors/${connector}`,
    body: [{ op: 'replace', path: '/type', value: 'x' }],
  })),
];

const OWNED_CASES: readonly RbacCase[] = [
  {
    rule: 'baremetal:allocation:get',
    ask: ({ allocation }) => ({ method: 'GET', url: `/v1/allocations/${allocation}` }),
  },
  {
    rule: 'baremetal:allocation:create',
    or: ['baremetal:allocation:create_restricted'],
    ask: ({ allocation }) => ({
      method: 'POST',
      url: '/v1/allocations',
      body: { resource_class: 'x', uuid: allocation },
    }),
  },
  {
    rule: 'baremetal:allocation:update',
    after: ['baremetal:allocation:get'],
    ask: ({ allocation }) => ({
      method: 'PATCH',
      url: `/v1/allocations/${allocation}`,
      body: [{ op: 'replace', path: '/state', value: 'x' }],
    }),
  },
  {
    rule: 'baremetal:deploy_template:get',
    ask: ({ template }) => ({ method: 'GET', url: `/v1/deploy_templates/${template}` }),
  },
  {
    rule: 'baremetal:deploy_template:create',
    ask: ({ template }) => ({
      method: 'POST',
      url: '/v1/deploy_templates',
      body: { ...TEMPLATE, uuid: template },
    }),
  },
  {
    rule: 'baremetal:deploy_template:update',
    ask: ({ template }) => ({
      method: 'PATCH',
      url: `/v1/deploy_templates/${template}`,
      body: [{ op: 'replace', path: '/name', value: 'x' }],
    }),
  },
  {
    rule: 'baremetal:runbook:get',
    ask: ({ runbook }) => ({ method: 'GET', url: `/v1/runbooks/${runbook}` }),
  },
  {
    rule: 'baremetal:runbook:create',
    ask: ({ runbook }) => ({
      method: 'POST',
      url: '/v1/runbooks',
      body: {
        name: 'CUSTOM_RBAC_2',
        uuid: runbook,
        steps: [{ interface: 'deploy', step: 'x', args: {}, order: 1 }],
      },
    }),
  },
  {
    rule: 'baremetal:runbook:update',
    after: ['baremetal:runbook:get'],
    ask: ({ runbook }) => ({
      method: 'PATCH',
      url: `/v1/runbooks/${runbook}`,
      body: [{ op: 'replace', path: '/name', value: 'not a name!' }],
    }),
  },
  {
    rule: 'baremetal:inspection_rule:get',
    ask: ({ inspectionRule }) => ({
      method: 'GET',
      url: `/v1/inspection_rules/${inspectionRule}`,
    }),
  },
  {
    rule: 'baremetal:inspection_rule:list_all',
    ask: () => ({ method: 'GET', url: '/v1/inspection_rules' }),
  },
  {
    rule: 'baremetal:inspection_rule:create',
    ask: () => ({ method: 'POST', url: '/v1/inspection_rules', body: { actions: 'x' } }),
  },
  {
    rule: 'baremetal:inspection_rule:update',
    ask: ({ inspectionRule }) => ({
      method: 'PATCH',
      url: `/v1/inspection_rules/${inspectionRule}`,
      body: [{ op: 'replace', path: '/priority', value: -1 }],
    }),
  },
];

const PUBLIC_AND_OWNER: readonly RbacCase[] = (['public', 'owner'] as const).map((key) => ({
  rule: `baremetal:runbook:update:${key}`,
  after: ['baremetal:runbook:get'],
  ask: ({ runbook }) => ({
    method: 'PATCH',
    url: `/v1/runbooks/${runbook}`,
    body: [{ op: 'add', path: `/${key}`, value: 7 }],
  }),
}));

const DELETIONS: readonly RbacCase[] = [
  {
    rule: 'baremetal:allocation:delete',
    after: ['baremetal:allocation:get'],
    uses: 'allocation',
    ask: ({ allocation }) => ({ method: 'DELETE', url: `/v1/allocations/${allocation}` }),
  },
  {
    rule: 'baremetal:deploy_template:delete',
    uses: 'template',
    ask: ({ template }) => ({ method: 'DELETE', url: `/v1/deploy_templates/${template}` }),
  },
  {
    rule: 'baremetal:runbook:delete',
    after: ['baremetal:runbook:get'],
    uses: 'runbook',
    ask: ({ runbook }) => ({ method: 'DELETE', url: `/v1/runbooks/${runbook}` }),
  },
  {
    rule: 'baremetal:inspection_rule:delete',
    uses: 'inspectionRule',
    ask: ({ inspectionRule }) => ({
      method: 'DELETE',
      url: `/v1/inspection_rules/${inspectionRule}`,
    }),
  },
];

/** A field that is there for all who see the node, with what only some get to read. */
const shown = (field: string, shows: RegExp): RbacCase => ({
  rule: `baremetal:node:get:${field}` as RuleName,
  after: OF_NODE,
  or: ['baremetal:node:get:filter_threshold'],
  shows,
  ask: get(`?fields=${field}`),
});

const SIGHTS: readonly RbacCase[] = [
  shown('last_error', /"last_error":"an error"/),
  shown('reservation', /"reservation":"another-conductor"/),
  shown('driver_info', /"driver_info":\{"redfish_address"/),
  shown('driver_internal_info', /"driver_internal_info":\{\}/),
  {
    rule: 'baremetal:volume:view_target_properties',
    after: [...OF_NODE, 'baremetal:volume:get'],
    shows: /"auth_username":"shown"/,
    ask: ({ target }) => ({ method: 'GET', url: `/v1/volume/targets/${target}` }),
  },
  { rule: 'show_password', shows: /CANARY/, ask: get('?fields=driver_info') },
  { rule: 'show_instance_secrets', shows: /CANARY/, ask: get('?fields=instance_info') },
];

/** Methods that every node has, each with a rule besides the one of all methods. */
const method = (
  rule: RuleName,
  name: string,
  httpMethod: 'GET' | 'POST',
  body?: object,
): RbacCase => ({
  rule,
  after: [...OF_NODE, 'baremetal:node:vendor_passthru'],
  ask: ({ node }) => ({
    method: httpMethod,
    url: `/v1/nodes/${node}/vendor_passthru/${name}`,
    ...(body === undefined ? {} : { body }),
  }),
});

const OWN_CASES: readonly RbacCase[] = [
  method('bessemer:bmc:read', 'bmc_credential_status', 'GET'),
  method('bessemer:bmc:read', 'audit_bmc_accounts', 'GET'),
  method('bessemer:bmc:fix', 'fix_bmc_accounts', 'POST', {}),
  method('bessemer:bmc:rotate', 'rotate_bmc_password', 'POST', {}),
  method('bessemer:bmc:rotate', 'adopt_bmc_account', 'POST', {}),
  method('bessemer:bmc:rotate', 'repair_bmc_credentials', 'POST', {}),
  method('bessemer:bmc:supply', 'set_bmc_password', 'POST', { password: 'CANARY-of-a-person' }),
  method('bessemer:bmc:freeze', 'freeze_bmc_credentials', 'POST', { reason: 'drill' }),
  method('bessemer:bmc:freeze', 'thaw_bmc_credentials', 'POST', {}),
  {
    rule: 'bessemer:bmc:export',
    after: OF_NODE,
    ask: ({ node }) => ({
      method: 'POST',
      url: `/bessemer/nodes/${node}/bmc-export`,
      body: { reason: 'drill', recipient: 'age1none' },
    }),
  },
  {
    rule: 'bessemer:bmc:open',
    after: OF_NODE,
    ask: ({ node }) => ({ method: 'POST', url: `/bessemer/nodes/${node}/bmc-opened`, body: {} }),
  },
];

const SYSTEM_ADMINS = { new_defaults: ['system_admin'], extra_with_legacy_defaults: [] };
const SYSTEM_MEMBERS = {
  new_defaults: ['system_admin', 'system_member', 'service_project_service'],
  extra_with_legacy_defaults: [],
};

/** Who passes the rules of ours, which the library of the original does not know. */
export const OWN_RULES: {
  readonly [rule: string]: {
    readonly new_defaults: readonly string[];
    readonly extra_with_legacy_defaults: readonly string[];
  };
} = {
  'bessemer:bmc:read': SYSTEM_ADMINS,
  'bessemer:bmc:fix': SYSTEM_ADMINS,
  'bessemer:bmc:rotate': SYSTEM_ADMINS,
  'bessemer:bmc:supply': SYSTEM_ADMINS,
  'bessemer:bmc:freeze': SYSTEM_ADMINS,
  'bessemer:bmc:export': SYSTEM_ADMINS,
  'bessemer:bmc:open': SYSTEM_MEMBERS,
};

export const RBAC_CASES: readonly RbacCase[] = [
  ...NODE_CASES,
  ...OBJECT_CASES,
  ...OWNED_CASES,
  ...PUBLIC_AND_OWNER,
  ...DELETIONS,
  ...SIGHTS,
  ...OWN_CASES,
];

/** Lists, in which callers see all objects, those of their project, or are refused. */
export const LIST_CASES: readonly {
  readonly all: RuleName;
  readonly own: RuleName;
  readonly url: string;
  readonly key: string;
}[] = [
  ['node', '/v1/nodes', 'nodes'],
  ['port', '/v1/ports', 'ports'],
  ['portgroup', '/v1/portgroups', 'portgroups'],
  ['volume', '/v1/volume/connectors', 'connectors'],
  ['volume', '/v1/volume/targets', 'targets'],
  ['allocation', '/v1/allocations', 'allocations'],
  ['runbook', '/v1/runbooks', 'runbooks'],
].map(([kind, url, key]) => ({
  all: `baremetal:${kind}:list_all` as RuleName,
  own: `baremetal:${kind}:list` as RuleName,
  url: url as string,
  key: key as string,
}));
