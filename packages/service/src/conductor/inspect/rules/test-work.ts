// A machine, and what rules work on, for tests of rules.

import assert from 'node:assert/strict';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { InspectionRuleRecord, RuleAction } from '@bessemer/protocol/inspection/rule-record';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';

import { runRules } from './run-rules.ts';
import type { Work } from './work.ts';

const MAC = '52:54:00:00:00:01';
export const INVENTORY: JsonObject = {
  cpu: { count: 8, architecture: 'x86_64' },
  memory: { physical_mb: 16_384 },
  system_vendor: { manufacturer: 'Dell Inc.', product_name: 'R640' },
  bmc_address: '10.1.2.3',
  hostname: '',
  bmc_password: 'CANARY',
  interfaces: [
    { name: 'eth0', mac_address: MAC, has_carrier: true },
    { name: 'eth1', mac_address: '52:54:00:00:00:02', has_carrier: false },
  ],
};

export const newWork = (more: Partial<Work> = {}): Work => ({
  facts: { uuid: 'node-1', provision_state: 'inspecting' },
  attributes: {
    properties: { capabilities: 'a:1,boot_mode:uefi' },
    extra: {},
    driver_info: { redfish_address: 'https://bmc', redfish_password: '******' },
    name: null,
    description: null,
    resource_class: null,
    driver: 'redfish',
  },
  hasSecrets: true,
  ports: [
    {
      uuid: 'port-1',
      address: MAC,
      attributes: { extra: {}, local_link_connection: {}, pxe_enabled: true, vendor: null },
    },
  ],
  traits: new Set(['CUSTOM_OLD']),
  pluginData: {},
  calls: [],
  notes: [],
  ...more,
});

export type RuleInput = Parameters<typeof runRules>[0][number];
export const rule = (more: Partial<InspectionRuleRecord>): RuleInput => ({
  uuid: 'rule-1',
  description: null,
  priority: 0,
  sensitive: false,
  conditions: [],
  actions: [],
  ...more,
});

export const act = (
  actions: readonly RuleAction[],
  more: Partial<InspectionRuleRecord> = {},
  work: Work = newWork(),
  inventory: JsonObject = INVENTORY,
): Work => {
  runRules([rule({ actions, ...more })], work, inventory);
  return work;
};

export const failsWith = (
  actions: readonly RuleAction[],
  pattern: RegExp,
  inventory: JsonObject = INVENTORY,
  more: Partial<InspectionRuleRecord> = {},
): void => {
  assert.throws(
    () => act(actions, more, newWork(), inventory),
    (error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.equal(error.code, 'inspect.rule');
      assert.deepEqual(error.details, { rule: 'rule-1' });
      assert.match(error.message, pattern);
      return true;
    },
    JSON.stringify(actions),
  );
};
export const set = (path: string, value: JsonValue): RuleAction[] => [
  { op: 'set-attribute', args: [path, value] },
];
