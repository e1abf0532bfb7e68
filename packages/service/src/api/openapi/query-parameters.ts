// What the query string of a call may have, by name: the same name means the same everywhere.

import { flag, oneOf, type Schema, text, uuid, whole } from './schema.ts';

type QueryParameter = { readonly schema: Schema; readonly description: string };

const parameter = (schema: Schema, description: string): QueryParameter => ({
  schema,
  description,
});

const NAMES = text({ maxLength: 4_096 });

export const QUERY_PARAMETERS = {
  limit: parameter(whole(1), 'Most objects of the page; `[api] max_limit` at most.'),
  marker: parameter(text(), 'The last object of the page before, by UUID (conductors: by name).'),
  sort_key: parameter(text(), 'The key that is sorted by; the order of creation when absent.'),
  sort_dir: parameter(oneOf('asc', 'desc'), 'Which way.'),
  fields: parameter(NAMES, 'Only these keys, separated by commas.'),
  detail: parameter(flag, 'Whole objects.'),
  reset_interfaces: parameter(flag, 'With a new driver: back to its default interfaces.'),
  chassis_uuid: parameter(uuid, 'Nodes of this chassis.'),
  instance_uuid: parameter(uuid, 'The node with this instance.'),
  associated: parameter(flag, 'With, or without an instance.'),
  maintenance: parameter(flag, 'In maintenance, or not.'),
  provision_state: parameter(text(), 'In this state.'),
  driver: parameter(text(), 'With this driver.'),
  resource_class: parameter(text(), 'Of this class.'),
  fault: parameter(text(), 'With this fault.'),
  conductor_group: parameter(text(), 'Of this group; empty: of none.'),
  conductor: parameter(text(), 'Of this conductor.'),
  owner: parameter(text(), 'Owned by this project.'),
  lessee: parameter(text(), 'Leased to this project.'),
  project: parameter(text(), 'Owned by or leased to this project.'),
  description_contains: parameter(text(), 'With this in the description, in any case.'),
  retired: parameter(flag, 'Retired, or not.'),
  shard: parameter(NAMES, 'In one of these shards.'),
  sharded: parameter(flag, 'In any shard, or in none.'),
  include_children: parameter(flag, 'Nodes with a parent too.'),
  parent_node: parameter(text(), 'Children of this node.'),
  instance_name: parameter(text(), 'With an instance of this name.'),
  node: parameter(text(), 'Of this node, by UUID or name.'),
  node_uuid: parameter(text(), 'Of this node.'),
  address: parameter(text(), 'With this MAC address.'),
  portgroup: parameter(text(), 'In this port group.'),
  conductor_groups: parameter(NAMES, 'On nodes of one of these groups.'),
  state: parameter(text(), 'In this state.'),
  phase: parameter(text(), 'Of this phase.'),
  type: parameter(text(), 'Of this type.'),
  method: parameter(text(), 'The method, where it is not in the path.'),
  device_types: parameter(NAMES, 'Only these devices.'),
  addresses: parameter(NAMES, 'MAC addresses of the machine.'),
  after: parameter(whole(), 'Entries after this number.'),
  event: parameter(text(), 'Events of this name.'),
} as const satisfies { readonly [name: string]: QueryParameter };

export type QueryParameterName = keyof typeof QUERY_PARAMETERS;

export const PAGING = ['limit', 'marker', 'sort_key', 'sort_dir'] as const;
export const LISTING = [...PAGING, 'fields', 'detail'] as const;
