// Every configuration key: name, meaning, unit, default. Sections and keys are named as operators of Ironic know
// them wherever such a key exists. `bessemer config explain` prints this table.

import { HARDWARE_TYPE_NAMES } from '#drivers/registry';

import { AGENT_LIMIT_SETTINGS } from './agent-limit-settings.ts';
import { AGENT_SETTINGS } from './agent-settings.ts';
import { AUDIT_SETTINGS } from './audit-settings.ts';
import { FAKE_SETTINGS, IPMI_SETTINGS, REDFISH_SETTINGS } from './driver-settings.ts';
import { NETBOOT_SETTINGS } from './netboot-settings.ts';
import { BMC_CREDENTIAL_SETTINGS } from './bmc-credential-settings.ts';
import { BREAK_GLASS_SETTINGS } from './break-glass-settings.ts';
import { DISCOVERY_SETTINGS } from './discovery-settings.ts';
import { KEYSTONE_SETTINGS } from './keystone-settings.ts';
import { NEUTRON_SETTINGS } from './neutron-settings.ts';
import { POLICY_SETTINGS, SERVICE_ROLE_SETTINGS } from './policy-settings.ts';
import {
  BARBICAN_SETTINGS,
  SECRET_STORE_SETTINGS,
  VAULT_SETTINGS,
} from './secret-store-settings.ts';
import type { Setting, SettingKind } from './setting.ts';

/** One hour: longer waits than these are typing errors, except where a row says otherwise. */
const HOUR_SECONDS = 3_600;

export const SCHEMA = {
  DEFAULT: {
    auth_strategy: {
      kind: 'text',
      default: 'basic',
      choices: ['basic', 'http_basic', 'keystone', 'none', 'noauth'],
      meaning:
        'Who may use the public API: users of the htpasswd file, holders of a token of Keystone, or everybody (loopback ' +
        'only).',
    },
    http_basic_auth_user_file: {
      kind: 'text',
      default: null,
      meaning:
        'htpasswd file with bcrypt digests; made with an account "admin" in the data directory when not set.',
    },
    http_basic_users_file: {
      kind: 'text',
      default: null,
      meaning:
        'YAML file with roles, projects and system scope of the users of http_basic_auth_user_file; users.yaml in the data ' +
        'directory when not set. An htpasswd file of your own without it: every user administers everything.',
    },
    enabled_hardware_types: {
      kind: 'list',
      default: ['redfish', 'ipmi', 'fake-hardware'],
      choices: HARDWARE_TYPE_NAMES,
      meaning: 'Hardware types that nodes may have as driver.',
    },
    default_resource_class: {
      kind: 'text',
      default: null,
      meaning: 'Resource class of nodes that are created without one.',
    },
    host: {
      kind: 'text',
      default: null,
      meaning: 'Name of this conductor; the name of the machine when not set.',
    },
    require_agent_token: {
      kind: 'flag',
      default: true,
      meaning: 'Accepted and without effect: every agent needs its token, always.',
    },
    log_level: {
      kind: 'text',
      default: 'info',
      choices: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
      meaning: 'Least severe messages that are written to stderr.',
    },
    ...SERVICE_ROLE_SETTINGS,
  },
  api: {
    listen: {
      kind: 'text',
      default: '127.0.0.1:6385',
      meaning: 'HOST:PORT of the public API. Plain HTTP on loopback, HTTPS on any other address.',
    },
    public_endpoint: {
      kind: 'text',
      default: null,
      meaning:
        'Base URL that links in replies begin with; the address the client used when not set.',
    },
    tls_cert_file: {
      kind: 'text',
      default: null,
      meaning: 'PEM certificate chain of the public API; issued by our own authority when not set.',
    },
    tls_key_file: { kind: 'text', default: null, meaning: 'PEM key of tls_cert_file.' },
    max_limit: {
      kind: 'count',
      default: 1_000,
      min: 1,
      max: 10_000,
      meaning: 'Most objects in one page of a list.',
    },
    enable_docs: {
      kind: 'flag',
      default: false,
      meaning: 'Serve the reference of the API to users at /docs.',
    },
    project_admin_can_manage_own_nodes: {
      kind: 'flag',
      default: true,
      meaning:
        'Administrators of a project may create nodes, which it then owns, and delete those.',
    },
    disable_agent_api: {
      kind: 'flag',
      default: false,
      meaning: 'Answer lookup, heartbeat and inspection data with 403.',
    },
    enable_ramdisk_endpoints: {
      kind: 'flag',
      default: true,
      meaning: 'Older name for the opposite of disable_agent_api.',
    },
    public_agent_routes: {
      kind: 'text',
      default: '404',
      choices: ['404', 'policy'],
      meaning:
        'What lookup, heartbeat and inspection data are on the public API: 404 as if they did not exist, or policy for ' +
        'users whom the rules of these calls allow: administrators and services of the whole system, unless a policy file ' +
        'says otherwise.',
    },
    restrict_lookup: {
      kind: 'flag',
      default: true,
      meaning: 'Answer lookups only for nodes in states in which a ramdisk of ours can run.',
    },
    ramdisk_heartbeat_timeout: {
      kind: 'count',
      unit: 'seconds',
      default: 300,
      min: 10,
      max: HOUR_SECONDS,
      meaning: 'What agents are told; they call at a third to two thirds of it.',
    },
  },
  agent: { ...AGENT_SETTINGS, ...AGENT_LIMIT_SETTINGS },
  boot: {
    listen: {
      kind: 'text',
      default: '127.0.0.1:6387',
      meaning: 'HOST:PORT of the listener for boot media and images.',
    },
    public_url: {
      kind: 'text',
      default: null,
      meaning: 'Base URL that BMCs and agents are told; the address of boot.listen when not set.',
    },
    tls: {
      kind: 'flag',
      default: true,
      meaning:
        'Serve boot media by HTTPS. Turn off only for BMCs that cannot: tokens then cross in clear text.',
    },
    media_source_check: {
      kind: 'flag',
      default: true,
      meaning: 'Give boot media to the BMC of their node only, by its address.',
    },
    media_networks: {
      kind: 'list',
      default: [],
      meaning:
        'CIDR blocks that BMCs fetch media from, where that is not their own address (a proxy, NAT).',
    },
  },
  netboot: NETBOOT_SETTINGS,
  keystone_authtoken: KEYSTONE_SETTINGS,
  neutron: NEUTRON_SETTINGS,
  oslo_policy: POLICY_SETTINGS,
  audit: AUDIT_SETTINGS,
  auto_discovery: DISCOVERY_SETTINGS,
  bmc_credentials: {
    ...BMC_CREDENTIAL_SETTINGS,
    ...SECRET_STORE_SETTINGS,
    ...BREAK_GLASS_SETTINGS,
  },
  vault: VAULT_SETTINGS,
  barbican: BARBICAN_SETTINGS,
  conductor: {
    automated_clean: {
      kind: 'flag',
      default: true,
      meaning: 'Clean nodes before they become available. A node may override it.',
    },
    heartbeat_interval: {
      kind: 'count',
      unit: 'seconds',
      default: 10,
      min: 1,
      max: HOUR_SECONDS,
      meaning: 'How often a conductor says that it is alive.',
    },
    heartbeat_timeout: {
      kind: 'count',
      unit: 'seconds',
      default: 60,
      min: 2,
      max: HOUR_SECONDS,
      meaning: 'A conductor silent for longer is not alive.',
    },
    workers_pool_size: {
      kind: 'count',
      default: 100,
      min: 1,
      max: 10_000,
      meaning: 'Nodes that one conductor works on at the same time.',
    },
    deploy_callback_timeout: {
      kind: 'count',
      unit: 'seconds',
      default: 1_800,
      min: 0,
      max: 86_400,
      meaning: 'How long a deployment waits for the agent.',
    },
    clean_callback_timeout: {
      kind: 'count',
      unit: 'seconds',
      default: 1_800,
      min: 0,
      max: 86_400,
      meaning: 'How long a cleaning waits for the agent.',
    },
    inspect_wait_timeout: {
      kind: 'count',
      unit: 'seconds',
      default: 1_800,
      min: 0,
      max: 86_400,
      meaning: 'How long an inspection waits for the agent.',
    },
    power_state_change_timeout: {
      kind: 'count',
      unit: 'seconds',
      default: 120,
      min: 1,
      max: HOUR_SECONDS,
      meaning: 'How long a machine may take to reach a power state.',
    },
    allow_deleting_available_nodes: {
      kind: 'flag',
      default: true,
      meaning: 'Whether available nodes may be deleted without setting maintenance first.',
    },
    disallowed_steps: {
      kind: 'list',
      default: ['vendor.send_raw'],
      meaning: 'Steps, as interface.step, that no request may name.',
    },
  },
  deploy: {
    ramdisk_iso: {
      kind: 'text',
      default: null,
      meaning: 'Base ISO that nodes boot; the one built by "bessemer ramdisk build" when not set.',
    },
    iso_directories: {
      kind: 'list',
      default: [],
      meaning: 'Directories that driver_info deploy_iso may name files in, besides the cache.',
    },
    deploy_kernel: {
      kind: 'text',
      default: null,
      meaning:
        'Kernel that nodes boot over the network; the one built by "bessemer ramdisk build" when not set.',
    },
    deploy_ramdisk: {
      kind: 'text',
      default: null,
      meaning: 'Initial RAM file system that goes with deploy_kernel.',
    },
    erase_devices_priority: {
      kind: 'count',
      default: null,
      max: 1_000,
      meaning:
        'Place of full erasure among the automated cleaning steps; 0 leaves it out, the agent decides when not set.',
    },
    erase_devices_metadata_priority: {
      kind: 'count',
      default: null,
      max: 1_000,
      meaning:
        'Place of erasing partition tables among the automated cleaning steps; 0 leaves it out, the agent decides when not set.',
    },
  },
  image: {
    allowed_networks: {
      kind: 'list',
      default: [],
      meaning: 'CIDR blocks, beyond public addresses, that images may be fetched from.',
    },
    file_directories: {
      kind: 'list',
      default: [],
      meaning: 'Directories that file:// images may lie in; none when empty.',
    },
  },
  inspection_rules: {
    api_call_hosts: {
      kind: 'list',
      default: [],
      meaning:
        'Hosts (host for the usual port, or host:port) that the action api-call of inspection rules may call; the action ' +
        'fails when empty.',
    },
  },
  redfish: REDFISH_SETTINGS,
  ipmi: IPMI_SETTINGS,
  fake: FAKE_SETTINGS,
  database: {
    connection: {
      kind: 'text',
      default: null,
      meaning:
        'postgresql://... for a shared store; an SQLite file in the data directory when not set.',
    },
  },
} as const satisfies { readonly [section: string]: { readonly [key: string]: Setting } };

type ValueOf<S extends Setting> = S['kind'] extends SettingKind
  ? {
      flag: boolean;
      count: S['default'] extends null ? number | null : number;
      list: readonly string[];
      text: S['default'] extends null ? string | null : string;
    }[S['kind']]
  : never;

type Schema = typeof SCHEMA;

/** The values in force, by section and key. */
export type Settings = {
  readonly [section in keyof Schema]: {
    readonly [key in keyof Schema[section]]: Schema[section][key] extends Setting
      ? ValueOf<Schema[section][key]>
      : never;
  };
};

/** All rows as `section.key` to setting. */
export const settingsByName = (): ReadonlyMap<string, Setting> => {
  const all = new Map<string, Setting>();
  for (const [section, keys] of Object.entries(SCHEMA)) {
    for (const [key, setting] of Object.entries(keys)) all.set(`${section}.${key}`, setting);
  }
  return all;
};
