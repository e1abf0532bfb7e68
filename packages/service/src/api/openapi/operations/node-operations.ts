// The reference of nodes: the collection, one node, its states.

import type { Operations } from '../operation.ts';
import { LISTING, PAGING } from '../query-parameters.ts';
import {
  closed,
  flag,
  list,
  map,
  nullable,
  oneOf,
  open,
  page,
  ref,
  text,
  uuid,
  whole,
} from '../schema.ts';

const FILTERS = [
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

const STEP = {
  interface: text(),
  step: text(),
  args: map,
};
const STEPS = list(
  closed(
    {
      ...STEP,
      order: whole(),
      execute_on_child_nodes: flag,
      limit_child_node_execution: list(uuid),
    },
    ['interface', 'step'],
  ),
);
const DEPLOY_STEPS = list(
  closed({ ...STEP, priority: whole() }, ['interface', 'step', 'args', 'priority']),
);

const PROVISION = closed(
  {
    target: text(),
    configdrive: { anyOf: [text(), map, { type: 'null' }] },
    clean_steps: STEPS,
    service_steps: STEPS,
    deploy_steps: DEPLOY_STEPS,
    rescue_password: text(),
    disable_ramdisk: flag,
    runbook: text(),
  },
  ['target'],
);

const RAID = open({
  logical_disks: list(open({ raid_level: text(), size_gb: { anyOf: [whole(1), oneOf('MAX')] } })),
});

const VALIDATION = {
  type: 'object',
  additionalProperties: open({ result: nullable(flag), reason: text() }),
};

export const NODE_OPERATIONS: Operations = {
  'GET /v1/nodes': {
    summary: 'List nodes',
    query: [...FILTERS, ...LISTING],
    answers: { 200: page('nodes', ref('Node')) },
  },
  'GET /v1/nodes/detail': {
    summary: 'List nodes with all their keys',
    query: [...FILTERS, ...PAGING],
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
    body: closed({ reason: nullable(text()) }),
    isBodyOptional: true,
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
    body: closed({ target: text(), timeout: nullable(whole(1)) }, ['target']),
    answers: { 202: null },
  },
  'PUT /v1/nodes/:ident/states/provision': {
    summary: 'Ask for a change of the provision state',
    body: PROVISION,
    answers: { 202: null },
  },
  'PUT /v1/nodes/:ident/states/raid': {
    summary: 'Set the RAID that the next creation makes',
    body: RAID,
    answers: { 204: null },
  },
  'PUT /v1/nodes/:ident/states/boot_mode': {
    summary: 'Change the boot mode',
    body: closed({ target: oneOf('uefi', 'bios') }, ['target']),
    answers: { 202: null },
  },
  'PUT /v1/nodes/:ident/states/secure_boot': {
    summary: 'Switch secure boot',
    body: closed({ target: flag }, ['target']),
    answers: { 202: null },
  },
  'GET /v1/nodes/:ident/states/console': {
    summary: 'Where the console is',
    answers: { 200: open({ console_enabled: flag, console_info: nullable(map) }) },
  },
  'PUT /v1/nodes/:ident/states/console': {
    summary: 'Switch the console',
    body: closed({ enabled: flag }, ['enabled']),
    answers: { 202: null },
  },
  'GET /v1/nodes/:ident/children': {
    summary: 'Nodes that have this one as their parent',
    answers: { 200: open({ children: list(uuid), links: map }) },
  },
};
