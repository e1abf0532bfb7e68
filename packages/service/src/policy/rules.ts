// Every rule that the API asks, with its default, the older default that stands beside it while
// `[oslo_policy] enforce_new_defaults` is off, and the scopes that it is meant for. An operator's policy file names
// these rules; the words and expressions are those of the policy language (see language/).
/* oxlint-disable max-lines -- a table of rules, one row each */

const SYSTEM = ['system'] as const;
const PROJECT = ['project'] as const;
const BOTH = ['system', 'project'] as const;

export type RuleScope = 'system' | 'project';

export type RuleRow = {
  /** Expression of the policy language. */
  readonly check: string;
  /** Undefined: of any scope. */
  readonly scopes?: readonly RuleScope[];
  /** Or-ed to `check` while the new defaults are not enforced. */
  readonly legacyCheck?: string;
  /** An override of this older rule counts for this one, unless this one has an override of its own. */
  readonly legacyName?: string;
};

const API_READER = '(role:reader) or (role:service)';
const SYSTEM_READER =
  '(role:reader and system_scope:all) or (role:service and system_scope:all) or rule:service_role';
const SYSTEM_OR_PROJECT_READER =
  '((role:reader and system_scope:all) or (role:service and system_scope:all) or rule:service_role) or (role:reader and (project_id:%(node.owner)s or project_id:%(node.lessee)s)) or (role:service and project_id:%(node.owner)s)';
const SYSTEM_OR_OWNER_READER =
  '((role:reader and system_scope:all) or (role:service and system_scope:all) or rule:service_role) or (role:service and system_scope:all) or (role:reader and project_id:%(node.owner)s) or (role:service and project_id:%(node.owner)s)';
const SYSTEM_MEMBER_OR_OWNER_MEMBER =
  '((role:member and system_scope:all) or rule:service_role) or (role:service and system_scope:all) or (role:member and project_id:%(node.owner)s) or (role:service and project_id:%(node.owner)s)';
const SYSTEM_ADMIN = 'role:admin and system_scope:all';
const SYSTEM_MEMBER = '(role:member and system_scope:all) or rule:service_role';
const SYSTEM_MEMBER_OR_OWNER_ADMIN =
  '((role:member and system_scope:all) or rule:service_role) or (role:service and system_scope:all) or (role:admin and project_id:%(node.owner)s) or (role:manager and project_id:%(node.owner)s) or (role:service and project_id:%(node.owner)s)';
const SYSTEM_OR_PROJECT_MEMBER =
  '((role:member and system_scope:all) or rule:service_role) or (role:member and (project_id:%(node.owner)s or project_id:%(node.lessee)s)) or (role:service and system_scope:all)';
const SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN =
  '((role:member and system_scope:all) or rule:service_role) or (role:service and system_scope:all) or (role:member and project_id:%(node.owner)s) or (role:admin and project_id:%(node.lessee)s) or (role:manager and project_id:%(node.lessee)s) or (role:service and project_id:%(node.owner)s)';
const PROJECT_OWNER_ADMIN = 'role:admin and project_id:%(node.owner)s';
const SYSTEM_ADMIN_OR_OWNER_ADMIN =
  '(role:admin and system_scope:all) or (role:service and system_scope:all) or (role:admin and project_id:%(node.owner)s) or (role:manager and project_id:%(node.owner)s) or (role:service and project_id:%(node.owner)s)';
const SYSTEM_MEMBER_OR_OWNER_LESSEE_ADMIN =
  '((role:member and system_scope:all) or rule:service_role) or (role:service and system_scope:all) or (role:admin and project_id:%(node.owner)s) or (role:manager and project_id:%(node.owner)s) or (role:admin and project_id:%(node.lessee)s) or (role:manager and project_id:%(node.lessee)s) or (role:service and project_id:%(node.owner)s)';
const TARGET_PROPERTIES_READER =
  '((role:reader and system_scope:all) or (role:service and system_scope:all) or rule:service_role) or (role:admin)';
const ALLOCATION_READER =
  '((role:reader and system_scope:all) or (role:service and system_scope:all) or rule:service_role) or (role:reader and project_id:%(allocation.owner)s)';
const ALLOCATION_CREATOR =
  '((role:member and system_scope:all) or rule:service_role) or (role:member)';
const ALLOCATION_MEMBER =
  '((role:member and system_scope:all) or rule:service_role) or (role:member and project_id:%(allocation.owner)s)';
const RUNBOOK_READER =
  '((role:reader and system_scope:all) or (role:service and system_scope:all) or rule:service_role) or (role:reader and project_id:%(runbook.owner)s) or role:service';
const RUNBOOK_CREATOR =
  '((role:member and system_scope:all) or rule:service_role) or role:manager or role:service';
const RUNBOOK_ADMIN =
  '((role:member and system_scope:all) or rule:service_role) or (role:manager and project_id:%(runbook.owner)s) or role:service';

/**
 * Agents are not asked who they are, they have a listener of their own. These count for users who speak for agents on
 * the public one: everybody in the original, the people of the system here.
 */
const AGENT_CALLER = {
  check:
    '(role:admin and system_scope:all) or (role:service and system_scope:all) or rule:service_role',
  scopes: BOTH,
  legacyCheck: 'rule:is_admin',
} as const;

export const POLICY_RULES = {
  admin_api: { check: 'role:admin or role:administrator' },
  public_api: { check: 'is_public_api:True' },
  show_password: { check: '!' },
  show_instance_secrets: { check: '!' },
  service_role: { check: 'role:service and project_name:%(config.service_project_name)s' },
  is_member: {
    check:
      '(project_domain_id:default or project_domain_id:None) and (project_name:demo or project_name:baremetal)',
  },
  is_observer: { check: 'rule:is_member and (role:observer or role:baremetal_observer)' },
  is_admin: { check: 'rule:admin_api or (rule:is_member and role:baremetal_admin)' },
  is_node_owner: { check: 'project_id:%(node.owner)s' },
  is_node_lessee: { check: 'project_id:%(node.lessee)s' },
  is_allocation_owner: { check: 'project_id:%(allocation.owner)s' },
  'baremetal:node:create': {
    check: '(role:admin and system_scope:all) or (role:service and system_scope:all)',
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:create:self_owned_node': {
    check: '(role:admin) or (role:service)',
    scopes: BOTH,
  },
  'baremetal:node:list': {
    check: API_READER,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:node:get',
  },
  'baremetal:node:list_all': {
    check: SYSTEM_READER,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:node:get',
  },
  'baremetal:node:get': {
    check: SYSTEM_OR_PROJECT_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:node:get:filter_threshold': {
    check: SYSTEM_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:node:get',
  },
  'baremetal:node:get:last_error': {
    check: SYSTEM_OR_OWNER_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:node:get',
  },
  'baremetal:node:get:reservation': {
    check: SYSTEM_OR_OWNER_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:node:get',
  },
  'baremetal:node:get:driver_internal_info': {
    check: SYSTEM_OR_OWNER_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:node:get',
  },
  'baremetal:node:get:driver_info': {
    check: SYSTEM_OR_OWNER_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:node:get',
  },
  'baremetal:node:update:driver_info': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:properties': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:chassis_uuid': {
    check: SYSTEM_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:instance_uuid': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:lessee': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:owner': {
    check: SYSTEM_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:driver_interfaces': {
    check: SYSTEM_MEMBER_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:network_data': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:conductor_group': {
    check: SYSTEM_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:name': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update:retired': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:update',
  },
  'baremetal:node:update': {
    check: SYSTEM_OR_PROJECT_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:update_extra': {
    check: SYSTEM_OR_PROJECT_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:node:update',
  },
  'baremetal:node:update_instance_info': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:node:update',
  },
  'baremetal:node:update_owner_provisioned': {
    check: SYSTEM_ADMIN,
    scopes: SYSTEM,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:delete': { check: SYSTEM_ADMIN, scopes: BOTH, legacyCheck: 'rule:is_admin' },
  'baremetal:node:delete:self_owned_node': { check: PROJECT_OWNER_ADMIN, scopes: BOTH },
  'baremetal:node:validate': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:set_maintenance': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:clear_maintenance': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:get_boot_device': {
    check: SYSTEM_MEMBER_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:node:set_boot_device': {
    check: SYSTEM_MEMBER_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:set_maintenance',
  },
  'baremetal:node:get_indicator_state': {
    check: SYSTEM_OR_PROJECT_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:node:set_indicator_state': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:inject_nmi': {
    check: SYSTEM_MEMBER_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:get_states': {
    check: SYSTEM_OR_PROJECT_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:node:set_power_state': {
    check: SYSTEM_OR_PROJECT_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:set_boot_mode': {
    check: SYSTEM_OR_PROJECT_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:set_power_state',
  },
  'baremetal:node:set_secure_boot': {
    check: SYSTEM_OR_PROJECT_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:node:set_power_state',
  },
  'baremetal:node:set_provision_state': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:set_provision_state:clean_steps': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
  },
  'baremetal:node:set_provision_state:service_steps': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
  },
  'baremetal:node:set_raid_state': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:get_console': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:set_console_state': {
    check: SYSTEM_MEMBER_OR_OWNER_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:vif:list': {
    check: SYSTEM_OR_PROJECT_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:vif:attach': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:vif:detach': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:traits:list': {
    check: SYSTEM_OR_PROJECT_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:node:traits:set': {
    check: SYSTEM_MEMBER_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:traits:delete': {
    check: SYSTEM_MEMBER_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:bios:get': {
    check: SYSTEM_OR_PROJECT_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:node:disable_cleaning': {
    check: SYSTEM_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:node:update',
  },
  'baremetal:node:history:get': {
    check: SYSTEM_OR_OWNER_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:node:get',
  },
  'baremetal:node:inventory:get': {
    check: SYSTEM_OR_OWNER_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:node:get',
  },
  'baremetal:node:update:shard': { check: SYSTEM_ADMIN, scopes: BOTH },
  'baremetal:shards:get': { check: SYSTEM_READER, scopes: BOTH },
  'baremetal:node:update:parent_node': { check: SYSTEM_MEMBER, scopes: BOTH },
  'baremetal:node:update:disable_power_off': { check: SYSTEM_ADMIN, scopes: BOTH },
  'baremetal:node:firmware:get': { check: SYSTEM_OR_PROJECT_READER, scopes: BOTH },
  'baremetal:node:vmedia:attach': { check: SYSTEM_OR_PROJECT_MEMBER, scopes: BOTH },
  'baremetal:node:vmedia:detach': { check: SYSTEM_OR_PROJECT_MEMBER, scopes: BOTH },
  'baremetal:node:vmedia:get': { check: SYSTEM_OR_PROJECT_READER, scopes: BOTH },
  'baremetal:port:get': {
    check: SYSTEM_OR_PROJECT_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:port:list': {
    check: API_READER,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:port:get',
  },
  'baremetal:port:list_all': {
    check: SYSTEM_READER,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:port:get',
  },
  'baremetal:port:create': {
    check: SYSTEM_ADMIN_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:port:delete': {
    check: SYSTEM_ADMIN_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:port:update': {
    check: SYSTEM_MEMBER_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:portgroup:get': {
    check: SYSTEM_OR_PROJECT_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:portgroup:create': {
    check: SYSTEM_ADMIN_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:portgroup:delete': {
    check: SYSTEM_ADMIN_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:portgroup:update': {
    check: SYSTEM_MEMBER_OR_OWNER_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:portgroup:list': {
    check: API_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:portgroup:get',
  },
  'baremetal:portgroup:list_all': {
    check: SYSTEM_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:portgroup:get',
  },
  'baremetal:chassis:get': {
    check: SYSTEM_READER,
    scopes: SYSTEM,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:chassis:create': { check: SYSTEM_ADMIN, scopes: SYSTEM, legacyCheck: 'rule:is_admin' },
  'baremetal:chassis:delete': { check: SYSTEM_ADMIN, scopes: SYSTEM, legacyCheck: 'rule:is_admin' },
  'baremetal:chassis:update': {
    check: SYSTEM_MEMBER,
    scopes: SYSTEM,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:driver:get': {
    check: SYSTEM_READER,
    scopes: SYSTEM,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:driver:get_properties': {
    check: SYSTEM_READER,
    scopes: SYSTEM,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:driver:get_raid_logical_disk_properties': {
    check: SYSTEM_READER,
    scopes: SYSTEM,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:node:vendor_passthru': {
    check: SYSTEM_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:driver:vendor_passthru': {
    check: SYSTEM_ADMIN,
    scopes: SYSTEM,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:node:ipa_heartbeat': AGENT_CALLER,
  'baremetal:driver:ipa_lookup': AGENT_CALLER,
  'baremetal:driver:ipa_continue_inspection': AGENT_CALLER,
  'baremetal:volume:list_all': {
    check: SYSTEM_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:volume:get',
  },
  'baremetal:volume:list': {
    check: API_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
    legacyName: 'baremetal:volume:get',
  },
  'baremetal:volume:get': {
    check: SYSTEM_OR_PROJECT_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:volume:create': {
    check: SYSTEM_MEMBER_OR_OWNER_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:volume:delete': {
    check: SYSTEM_MEMBER_OR_OWNER_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:volume:update': {
    check: SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:volume:view_target_properties': {
    check: TARGET_PROPERTIES_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
    legacyName: 'baremetal:volume:update',
  },
  'baremetal:conductor:get': {
    check: SYSTEM_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:allocation:get': {
    check: ALLOCATION_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:allocation:list': {
    check: API_READER,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:allocation:get',
  },
  'baremetal:allocation:list_all': {
    check: SYSTEM_READER,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:allocation:get and is_admin_project:True',
  },
  'baremetal:allocation:create': {
    check: ALLOCATION_CREATOR,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin and is_admin_project:True',
  },
  'baremetal:allocation:create_restricted': {
    check: SYSTEM_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:baremetal:allocation:create',
  },
  'baremetal:allocation:delete': {
    check: ALLOCATION_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:allocation:update': {
    check: ALLOCATION_MEMBER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:allocation:create_pre_rbac': {
    check: '(rule:is_member and role:baremetal_admin) or (is_admin_project:True and role:admin)',
    scopes: PROJECT,
  },
  'baremetal:events:post': { check: SYSTEM_ADMIN, scopes: SYSTEM, legacyCheck: 'rule:is_admin' },
  'baremetal:deploy_template:get': {
    check: SYSTEM_READER,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin or rule:is_observer',
  },
  'baremetal:deploy_template:create': {
    check: SYSTEM_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:deploy_template:delete': {
    check: SYSTEM_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:deploy_template:update': {
    check: SYSTEM_ADMIN,
    scopes: BOTH,
    legacyCheck: 'rule:is_admin',
  },
  'baremetal:runbook:get': { check: RUNBOOK_READER, scopes: BOTH },
  'baremetal:runbook:list': { check: API_READER, scopes: BOTH },
  'baremetal:runbook:list_all': { check: SYSTEM_READER, scopes: BOTH },
  'baremetal:runbook:create': { check: RUNBOOK_CREATOR, scopes: BOTH },
  'baremetal:runbook:delete': { check: RUNBOOK_ADMIN, scopes: BOTH },
  'baremetal:runbook:update': { check: RUNBOOK_ADMIN, scopes: BOTH },
  'baremetal:runbook:update:public': { check: SYSTEM_MEMBER, scopes: BOTH },
  'baremetal:runbook:update:owner': { check: SYSTEM_MEMBER, scopes: BOTH },
  'baremetal:runbook:use': { check: RUNBOOK_ADMIN, scopes: BOTH },
  'baremetal:inspection_rule:get': { check: SYSTEM_READER, scopes: BOTH },
  'baremetal:inspection_rule:list_all': { check: SYSTEM_READER, scopes: BOTH },
  'baremetal:inspection_rule:create': { check: SYSTEM_ADMIN, scopes: BOTH },
  'baremetal:inspection_rule:update': { check: SYSTEM_ADMIN, scopes: BOTH },
  'baremetal:inspection_rule:delete': { check: SYSTEM_ADMIN, scopes: BOTH },
  // Ours: what plain clients cannot show.
  'bessemer:node:why': { check: SYSTEM_OR_PROJECT_READER, scopes: BOTH },
  'bessemer:node:journal': { check: SYSTEM_OR_OWNER_READER, scopes: BOTH },
  'bessemer:node:erasures': { check: SYSTEM_OR_OWNER_READER, scopes: BOTH },
  'bessemer:audit:get': { check: SYSTEM_ADMIN, scopes: SYSTEM },
  'bessemer:bmc:read': { check: SYSTEM_ADMIN, scopes: BOTH },
  'bessemer:bmc:fix': { check: SYSTEM_ADMIN, scopes: BOTH },
  'bessemer:bmc:rotate': { check: SYSTEM_ADMIN, scopes: BOTH },
  'bessemer:bmc:supply': { check: SYSTEM_ADMIN, scopes: BOTH },
  'bessemer:bmc:freeze': { check: SYSTEM_ADMIN, scopes: BOTH },
  'bessemer:bmc:export': { check: SYSTEM_ADMIN, scopes: SYSTEM },
  'bessemer:bmc:open': { check: SYSTEM_MEMBER, scopes: SYSTEM },
  'bessemer:metrics:get': { check: SYSTEM_READER, scopes: SYSTEM },
} as const satisfies { readonly [rule: string]: RuleRow };

export type RuleName = keyof typeof POLICY_RULES;

export const RULE_NAMES = Object.keys(POLICY_RULES) as readonly RuleName[];

export const isRuleName = (text: string): text is RuleName => Object.hasOwn(POLICY_RULES, text);

export const ruleRow = (name: RuleName): RuleRow => POLICY_RULES[name];
