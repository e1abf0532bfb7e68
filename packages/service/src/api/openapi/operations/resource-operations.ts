// The reference of all resources beside nodes.

import type { Operations } from '../operation.ts';
import { LISTING, PAGING, type QueryParameterName } from '../query-parameters.ts';
import { closed, list, nullable, oneOf, open, page, ref, text, uuid, whole } from '../schema.ts';
import { TRAIT_NAMES } from '../special-schemas.ts';
import { NODE_FILTERS } from './node-operations.ts';
import { passthruOperations, VOLUME_LINKS } from './node-part-operations.ts';

type Resource = {
  readonly path: string;
  readonly schema: string;
  readonly one: string;
  readonly many: string;
  readonly listKey?: string;
  readonly filters?: readonly QueryParameterName[];
  readonly hasDetailPath?: boolean;
  /** Its lists show every key anyway. */
  readonly isAlwaysWhole?: boolean;
};

const PORT_FILTERS: readonly QueryParameterName[] = [
  'node',
  'address',
  'shard',
  'conductor_groups',
];

const RESOURCES: readonly Resource[] = [
  {
    path: 'ports',
    schema: 'Port',
    one: 'a port',
    many: 'ports',
    filters: [...PORT_FILTERS, 'node_uuid', 'portgroup', 'description_contains'],
    hasDetailPath: true,
  },
  {
    path: 'portgroups',
    schema: 'Portgroup',
    one: 'a port group',
    many: 'port groups',
    filters: PORT_FILTERS,
    hasDetailPath: true,
  },
  {
    path: 'chassis',
    schema: 'Chassis',
    one: 'a chassis',
    many: 'chassis',
    hasDetailPath: true,
  },
  {
    path: 'volume/connectors',
    schema: 'VolumeConnector',
    one: 'a volume connector',
    many: 'volume connectors',
    listKey: 'connectors',
    filters: ['node'],
  },
  {
    path: 'volume/targets',
    schema: 'VolumeTarget',
    one: 'a volume target',
    many: 'volume targets',
    listKey: 'targets',
    filters: ['node'],
  },
  {
    path: 'allocations',
    schema: 'Allocation',
    one: 'an allocation',
    many: 'allocations',
    filters: ['node', 'resource_class', 'state', 'owner'],
    isAlwaysWhole: true,
  },
  {
    path: 'deploy_templates',
    schema: 'DeployTemplate',
    one: 'a deploy template',
    many: 'deploy templates',
  },
  {
    path: 'runbooks',
    schema: 'Runbook',
    one: 'a runbook',
    many: 'runbooks',
    filters: ['project'],
  },
  {
    path: 'inspection_rules',
    schema: 'InspectionRule',
    one: 'an inspection rule',
    many: 'inspection rules',
    filters: ['phase'],
  },
];

const WHOLE_LISTING = LISTING.filter((name) => name !== 'detail');

const operationsOf = (resource: Resource): Operations => {
  const { path, schema, one, many, filters = [] } = resource;
  const key = resource.listKey ?? path;
  const single = `/v1/${path}/:ident`;
  return {
    [`GET /v1/${path}`]: {
      summary: `List ${many}`,
      query: [...filters, ...(resource.isAlwaysWhole === true ? WHOLE_LISTING : LISTING)],
      answers: { 200: page(key, ref(schema)) },
    },
    ...(resource.hasDetailPath === true
      ? {
          [`GET /v1/${path}/detail`]: {
            summary: `List ${many} with all their keys`,
            query: [...filters, ...PAGING],
            answers: { 200: page(key, ref(schema)) },
          },
        }
      : {}),
    [`POST /v1/${path}`]: {
      summary: `Create ${one}`,
      body: ref(`${schema}Input`),
      answers: { 201: ref(schema) },
    },
    [`GET ${single}`]: {
      summary: `Show ${one}`,
      query: ['fields'],
      answers: { 200: ref(schema) },
    },
    [`PATCH ${single}`]: {
      summary: `Change ${one}`,
      body: ref('Patch'),
      answers: { 200: ref(schema) },
    },
    [`DELETE ${single}`]: { summary: `Delete ${one}`, answers: { 204: null } },
  };
};

const TRAITS = closed({ traits: TRAIT_NAMES }, ['traits']);

const NETWORK_EVENT = closed(
  {
    event: oneOf('network.bind_port', 'network.unbind_port', 'network.delete_port'),
    port_id: uuid,
    mac_address: text(),
    status: text({ maxLength: 255 }),
    device_id: nullable(text({ maxLength: 255 })),
    'binding:host_id': nullable(text({ maxLength: 255 })),
    'binding:vnic_type': nullable(text({ maxLength: 255 })),
  },
  ['event', 'port_id', 'mac_address', 'status'],
);

export const RESOURCE_OPERATIONS: Operations = {
  ...Object.assign({}, ...RESOURCES.map(operationsOf)),
  'DELETE /v1/inspection_rules': {
    summary: 'Delete all inspection rules',
    answers: { 204: null },
  },
  'GET /v1/portgroups/:ident/ports': {
    summary: 'The ports of a port group',
    query: LISTING,
    answers: { 200: page('ports', ref('Port')) },
  },
  'GET /v1/portgroups/:ident/ports/detail': {
    summary: 'The ports of a port group with all their keys',
    query: PAGING,
    answers: { 200: page('ports', ref('Port')) },
  },
  'GET /v1/chassis/:ident/nodes': {
    summary: 'The nodes of a chassis',
    query: [...NODE_FILTERS, ...LISTING],
    answers: { 200: page('nodes', ref('Node')) },
  },
  'GET /v1/chassis/:ident/nodes/detail': {
    summary: 'The nodes of a chassis with all their keys',
    query: [...NODE_FILTERS, ...PAGING],
    answers: { 200: page('nodes', ref('Node')) },
  },
  'GET /v1/volume': { summary: 'Links to connectors and targets', answers: { 200: VOLUME_LINKS } },
  'GET /v1/runbooks/:ident/traits': {
    summary: 'The traits of a runbook',
    answers: { 200: TRAITS },
  },
  'PUT /v1/runbooks/:ident/traits': {
    summary: 'Replace the traits of a runbook',
    body: TRAITS,
    answers: { 204: null },
  },
  'DELETE /v1/runbooks/:ident/traits': {
    summary: 'Remove all traits of a runbook',
    answers: { 204: null },
  },
  'PUT /v1/runbooks/:ident/traits/:trait': { summary: 'Add a trait', answers: { 204: null } },
  'DELETE /v1/runbooks/:ident/traits/:trait': {
    summary: 'Remove a trait',
    answers: { 204: null },
  },
  'GET /v1/drivers': {
    summary: 'List drivers',
    query: ['type', 'detail', 'fields'],
    answers: { 200: open({ drivers: list(ref('Driver')) }) },
  },
  'GET /v1/drivers/:name': {
    summary: 'Show a driver',
    query: ['fields'],
    answers: { 200: ref('Driver') },
  },
  'GET /v1/drivers/:name/properties': {
    summary: 'What driver_info may have',
    answers: { 200: { type: 'object', additionalProperties: text() } },
  },
  'GET /v1/drivers/:name/raid/logical_disk_properties': {
    summary: 'What a logical disk may have',
    answers: { 200: { type: 'object', additionalProperties: text() } },
  },
  ...passthruOperations('/v1/drivers/:name/vendor_passthru'),
  'GET /v1/conductors': {
    summary: 'List conductors',
    query: LISTING,
    answers: { 200: page('conductors', ref('Conductor')) },
  },
  'GET /v1/conductors/detail': {
    summary: 'List conductors with all fields',
    query: LISTING,
    answers: { 200: page('conductors', ref('Conductor')) },
  },
  'GET /v1/conductors/:hostname': {
    summary: 'Show a conductor',
    query: ['fields'],
    answers: { 200: ref('Conductor') },
  },
  'GET /v1/shards': {
    summary: 'Shards, and how many nodes each has',
    answers: { 200: open({ shards: list(open({ name: text(), count: whole() })) }) },
  },
  'POST /v1/events': {
    summary: 'Tell of events of the network service',
    body: closed({ events: list(NETWORK_EVENT) }, ['events']),
    answers: { 204: null },
  },
};
