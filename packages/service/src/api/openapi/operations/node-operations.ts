// The reference of nodes: the collection, one node, its states.

import { PROVISION_VERBS } from '@bessemer/protocol/node/verbs';

import type { Operations } from '../operation.ts';
import { LISTING, PAGING } from '../query-parameters.ts';
import {
  closed,
  flag,
  list,
  nullable,
  oneOf,
  open,
  page,
  ref,
  type Schema,
  text,
  uuid,
  whole,
} from '../schema.ts';
import { DEPLOY_STEPS, MANUAL_STEPS } from '../special-schemas.ts';

export const NODE_FILTERS = [
  'chassis_uuid',
  'instance_uuid',
  'associated',
  'maintenance',
  'provision_state',
  'driver',
  'resource_class',
  'fault',
  'conductor_group',
  'conductor',
  'owner',
  'description_contains',
  'retired',
  'lessee',
  'project',
  'shard',
  'sharded',
  'include_children',
  'parent_node',
  'instance_name',
] as const;

const CONFIG_DATA = { type: ['object', 'array', 'string', 'null'] };
const CONFIG_DRIVE = closed({
  meta_data: CONFIG_DATA,
  network_data: CONFIG_DATA,
  user_data: CONFIG_DATA,
  vendor_data: CONFIG_DATA,
});

const PROVISION = {
  target: oneOf(...Object.keys(PROVISION_VERBS)),
  configdrive: { anyOf: [text(), CONFIG_DRIVE, { type: 'null' }] },
  clean_steps: MANUAL_STEPS,
  service_steps: MANUAL_STEPS,
  deploy_steps: DEPLOY_STEPS,
  rescue_password: text({ minLength: 1 }),
  disable_ramdisk: flag,
  runbook: text(),
};

const LOGICAL_DISK = closed(
  {
    raid_level: oneOf('JBOD', '0', '1', '2', '5', '6', '1+0', '5+0', '6+0'),
    size_gb: { anyOf: [whole(1), oneOf('MAX')] },
    volume_name: text(),
    is_root_volume: flag,
    share_physical_disks: flag,
    disk_type: oneOf('hdd', 'ssd'),
    interface_type: oneOf('sata', 'scsi', 'sas'),
    number_of_physical_disks: whole(1),
    controller: text(),
    physical_disks: list({}),
  },
  ['raid_level', 'size_gb'],
);
const RAID: Schema = {
  anyOf: [closed({ logical_disks: list(LOGICAL_DISK) }, ['logical_disks']), closed({})],
};

const LINK = open({ href: text({ format: 'uri' }), rel: text() });
const POWER_TARGETS = [
  'power on',
  'power off',
  'rebooting',
  'soft power off',
  'soft rebooting',
] as const;

const VALIDATION = {
  type: 'object',
  additionalProperties: open({ result: nullable(flag), reason: nullable(text()) }),
};

export const NODE_OPERATIONS: Operations = {
  'GET /v1/nodes': {
    summary: 'List nodes',
    query: [...NODE_FILTERS, ...LISTING],
    answers: { 200: page('nodes', ref('Node')) },
  },
  'GET /v1/nodes/detail': {
    summary: 'List nodes with all their keys',
    query: [...NODE_FILTERS, ...PAGING],
    answers: { 200: page('nodes', ref('Node')) },
  },
  'POST /v1/nodes': {
    summary: 'Enrol a node',
    body: ref('NodeInput'),
    answers: { 201: ref('Node') },
  },
  'GET /v1/nodes/:ident': {
    summary: 'Show a node',
    query: ['fields'],
    answers: { 200: ref('Node') },
  },
  'PATCH /v1/nodes/:ident': {
    summary: 'Change a node',
    query: ['reset_interfaces'],
    body: ref('Patch'),
    answers: { 200: ref('Node') },
  },
  'DELETE /v1/nodes/:ident': { summary: 'Delete a node', answers: { 204: null } },
  'GET /v1/nodes/:ident/validate': {
    summary: 'What each interface says about the data of a node',
    answers: { 200: VALIDATION },
  },
  'GET /v1/nodes/validate': {
    summary: 'The same, the node in the query',
    query: ['node', 'node_uuid'],
    answers: { 200: VALIDATION },
  },
  'PUT /v1/nodes/:ident/maintenance': {
    summary: 'Put a node into maintenance',
    arguments: { reason: nullable(text()) },
    answers: { 202: null },
  },
  'DELETE /v1/nodes/:ident/maintenance': {
    summary: 'End the maintenance of a node',
    answers: { 202: null },
  },
  'GET /v1/nodes/:ident/states': {
    summary: 'The states of a node',
    answers: { 200: ref('Node') },
  },
  'PUT /v1/nodes/:ident/states/power': {
    summary: 'Change the power state',
    arguments: { target: oneOf(...POWER_TARGETS), timeout: nullable(whole(1)) },
    answers: { 202: null },
  },
  'PUT /v1/nodes/:ident/states/provision': {
    summary: 'Ask for a change of the provision state',
    arguments: PROVISION,
    answers: { 202: null },
  },
  'PUT /v1/nodes/:ident/states/raid': {
    summary: 'Set the RAID that the next creation makes',
    body: RAID,
    answers: { 204: null },
  },
  'PUT /v1/nodes/:ident/states/boot_mode': {
    summary: 'Change the boot mode',
    arguments: { target: oneOf('uefi', 'bios') },
    answers: { 202: null },
  },
  'PUT /v1/nodes/:ident/states/secure_boot': {
    summary: 'Switch secure boot',
    arguments: { target: flag },
    answers: { 202: null },
  },
  'GET /v1/nodes/:ident/states/console': {
    summary: 'Where the console is',
    answers: {
      200: open({
        console_enabled: flag,
        console_info: nullable(open({ type: text(), url: text() })),
      }),
    },
  },
  'PUT /v1/nodes/:ident/states/console': {
    summary: 'Switch the console',
    arguments: { enabled: flag },
    answers: { 202: null },
  },
  'GET /v1/nodes/:ident/children': {
    summary: 'Nodes that have this one as their parent',
    answers: { 200: open({ children: list(uuid), links: LINK }) },
  },
};
