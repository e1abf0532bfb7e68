// Which rules of the policy a patch of a node has to pass: one per root that it touches.

import type { FastifyRequest } from 'fastify';

import type { RuleName } from '#policy/rules';

import type { NodeFieldName } from '@bessemer/protocol/node/fields';
import { nodeField } from '@bessemer/protocol/node/fields';
import type { PatchOperation } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { authorize } from '../access/authorize.ts';
import { nodeTarget } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';

const OWN_RULES: { readonly [name in NodeFieldName]?: RuleName } = {
  instance_info: 'baremetal:node:update_instance_info',
  instance_name: 'baremetal:node:update_instance_info',
  extra: 'baremetal:node:update_extra',
  driver_info: 'baremetal:node:update:driver_info',
  properties: 'baremetal:node:update:properties',
  chassis_uuid: 'baremetal:node:update:chassis_uuid',
  instance_uuid: 'baremetal:node:update:instance_uuid',
  lessee: 'baremetal:node:update:lessee',
  owner: 'baremetal:node:update:owner',
  network_data: 'baremetal:node:update:network_data',
  conductor_group: 'baremetal:node:update:conductor_group',
  name: 'baremetal:node:update:name',
  retired: 'baremetal:node:update:retired',
  retired_reason: 'baremetal:node:update:retired',
  shard: 'baremetal:node:update:shard',
  parent_node: 'baremetal:node:update:parent_node',
  disable_power_off: 'baremetal:node:update:disable_power_off',
  driver: 'baremetal:node:update:driver_interfaces',
};

const ruleOf = ({ op, path, value }: PatchOperation): RuleName => {
  const root = path[0] as NodeFieldName;
  const own = OWN_RULES[root];
  if (own !== undefined) return own;
  if (nodeField(root).kind === 'interface') return 'baremetal:node:update:driver_interfaces';
  const isDisabling = root === 'automated_clean' && op !== 'remove' && isFalse(value);
  return isDisabling ? 'baremetal:node:disable_cleaning' : 'baremetal:node:update';
};

const isFalse = (value: unknown): boolean =>
  value === false || /^(?:0|f|false|off|n|no)$/i.test(String(value));

/** `operations` name patchable roots only. Throws Refusal(403) for the first rule that is not passed. */
export const authorizePatch = async (
  parts: ApiParts,
  request: FastifyRequest,
  node: NodeRecord,
  operations: readonly PatchOperation[],
): Promise<void> => {
  const rules = new Set(operations.map(ruleOf));
  // An empty patch changes nothing; it is the general rule that guards the answer.
  if (rules.size === 0) rules.add('baremetal:node:update');
  for (const rule of rules) await authorize(parts, request, rule, nodeTarget(node));
};
