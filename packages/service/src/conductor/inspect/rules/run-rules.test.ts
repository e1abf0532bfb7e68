import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RuleCondition } from '@bessemer/protocol/inspection/rule-record';
import type { JsonObject } from '@bessemer/protocol/json';

import { runRules } from './run-rules.ts';
import { act, failsWith, INVENTORY, newWork, rule, set } from './test-work.ts';

const holds = (condition: RuleCondition): boolean =>
  runRules([rule({ conditions: [condition] })], newWork(), INVENTORY).applied.length === 1;

const CONDITIONS: readonly (readonly [op: string, args: RuleCondition['args'], boolean])[] = [
  ['eq', { values: ['{inventory[cpu][count]}', 8] }, true],
  ['eq', { values: ['{inventory[cpu][count]}', '8'] }, true],
  ['eq', { values: ['{inventory.cpu.count}', 8, '8', 9] }, false],
  ['!eq', { values: ['{inventory[cpu][count]}', 8] }, false],
  ['! eq', { values: ['{node.name}', 'x'] }, true],
  [
    'eq',
    {
      values: [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
    },
    true,
  ],
  ['eq', ['node:memory_mb', 4096], false],
  ['lt', { values: [1, '{inventory[cpu][count]}', 9] }, true],
  ['lt', { values: ['10', '9'] }, false],
  ['lt', { values: ['10', '9'], force_strings: true }, true],
  ['gt', { values: ['{inventory[memory][physical_mb]}', 4_096] }, true],
  ['gt', { values: ['b', 'a'] }, true],
  ['is-empty', { value: '{inventory[hostname]}' }, true],
  ['is-empty', { value: '{inventory[nothing][here]}' }, true],
  ['is-empty', { value: '{plugin_data}' }, true],
  ['is-empty', { value: '{inventory[interfaces]}' }, false],
  ['in-net', ['{inventory[bmc_address]}', '10.0.0.0/8'], true],
  ['in-net', ['{inventory[bmc_address]}', '192.168.0.0/16'], false],
  ['in-net', ['{inventory[hostname]}', '10.0.0.0/8'], false],
  ['in-net', ['fe80::1', 'fe80::/10'], true],
  ['matches', ['{inventory[system_vendor][manufacturer]}', 'Dell.*'], true],
  ['matches', ['{inventory[system_vendor][manufacturer]}', 'Dell'], false],
  ['contains', ['{inventory[system_vendor][product_name]}', '[A-Z]\\d{3}'], true],
  ['contains', { value: '{inventory[cpu][count]}', regex: '^8$' }, true],
  ['one-of', ['{inventory[cpu][architecture]}', ['aarch64', 'x86_64']], true],
  ['one-of', ['{inventory[cpu][architecture]}', []], false],
  ['is-none', ['{node.name}'], true],
  ['is-none', ['{inventory[nothing]}'], true],
  ['is-true', ['{inventory[interfaces][0][has_carrier]}'], true],
  ['is-true', ['YES'], true],
  ['is-true', ['{inventory[cpu]}'], false],
  ['is-false', ['{inventory[interfaces][1][has_carrier]}'], true],
  ['is-false', [null], true],
];

test('each condition holds when it should, and not otherwise', () => {
  for (const [op, args, expected] of CONDITIONS) {
    assert.equal(holds({ op, args }), expected, `${op} ${JSON.stringify(args)}`);
  }
});

test('a loop counts by any, all, first or last', () => {
  const loop = ['{inventory[interfaces]}'];
  const args = { value: '{item[has_carrier]}' };
  for (const [multiple, expected] of [
    [undefined, true],
    ['any', true],
    ['all', false],
    ['first', true],
    ['last', false],
  ] as const) {
    const more = multiple === undefined ? {} : { multiple };
    assert.equal(holds({ op: 'is-true', args, loop, ...more }), expected, multiple);
  }
  assert.equal(holds({ op: 'eq', args: ['{item[a]}', 1], loop: { a: 1 } }), true);
  assert.equal(holds({ op: 'is-true', args: [true], loop: [] }), true);
});

test('rules run in the order they come in, see what the ones before did, and are told', () => {
  const work = newWork();

  const report = runRules(
    [
      rule({
        uuid: 'r1',
        actions: [{ op: 'set-attribute', args: ['extra/n', '{inventory[cpu][count]}'] }],
      }),
      rule({
        uuid: 'r2',
        conditions: [{ op: 'eq', args: ['{node.extra[n]}', 8] }],
        actions: [
          { op: 'log', args: ['{node.uuid} has {inventory[cpu][count]} and {item}', 'warning'] },
        ],
      }),
      rule({ uuid: 'r3', conditions: [{ op: 'is-none', args: ['{node.extra[n]}'] }] }),
    ],
    work,
    INVENTORY,
  );

  assert.deepEqual(report, { applied: ['r1', 'r2'], skippedCount: 1 });
  assert.deepEqual(work.attributes['extra'], { n: 8 });
  assert.deepEqual(work.notes, [
    { rule: 'r1', op: 'set-attribute', on: 'extra/n' },
    { rule: 'r2', op: 'log', on: 'log', level: 'warning', text: 'node-1 has 8 and {item}' },
  ]);
});

test('each action does what it says', () => {
  const work = act([
    { op: 'set-attribute', args: ['/properties/cpus', '{inventory[cpu][count]}'] },
    { op: 'set-attribute', args: ['properties.deep.er', 'x{inventory[cpu][count]}y'] },
    { op: 'set-attribute', args: ['/name', 'n-{inventory[cpu][count]}'] },
    { op: 'set-attribute', args: ['/driver', 'redfish'] },
    { op: 'extend-attribute', args: ['/extra/list', 1] },
    { op: 'extend-attribute', args: { path: '/extra/list', value: 1, unique: true } },
    { op: 'extend-attribute', args: ['/extra/list', 1] },
    { op: 'set-attribute', args: ['/extra/gone', 1] },
    { op: 'del-attribute', args: ['/extra/gone'] },
    { op: 'set-capability', args: ['boot_mode', 'bios'] },
    { op: 'unset-capability', args: ['a'] },
    { op: 'add-trait', args: ['CUSTOM_{inventory[cpu][count]}'] },
    { op: 'remove-trait', args: ['CUSTOM_OLD'] },
    { op: 'set-plugin-data', args: ['a.b', '{inventory[cpu]}'] },
    { op: 'extend-plugin-data', args: ['a.list', 1] },
    { op: 'set-plugin-data', args: ['gone', 1] },
    { op: 'unset-plugin-data', args: ['gone'] },
    { op: 'unset-plugin-data', args: ['never.there'] },
    { op: 'set-port-attribute', args: ['port-1', 'extra/n', 1] },
    {
      op: 'set-port-attribute',
      args: ['{inventory[interfaces][0][mac_address]}', 'pxe_enabled', false],
    },
    { op: 'extend-port-attribute', args: ['port-1', 'extra/list', 'a'] },
    { op: 'del-port-attribute', args: ['port-1', 'extra/n'] },
    { op: 'api-call', args: { url: 'https://cmdb/{node.uuid}', timeout: 2, retries: 0 } },
    {
      op: 'set-attribute',
      args: { path: '{item[path]}', value: '{item[value]}' },
      loop: [{ path: 'extra/arch', value: '{inventory[cpu][architecture]}' }],
    },
  ]);

  const { extra, properties, name } = work.attributes;
  assert.deepEqual(properties, { capabilities: 'boot_mode:bios', cpus: 8, deep: { er: 'x8y' } });
  assert.deepEqual(extra, { list: [1, 1], arch: 'x86_64' });
  assert.equal(name, 'n-8');
  assert.deepEqual([...work.traits], ['CUSTOM_8']);
  assert.deepEqual(work.pluginData, {
    a: { b: { count: 8, architecture: 'x86_64' }, list: [1] },
  });
  assert.deepEqual(work.ports[0]?.attributes, {
    extra: { list: ['a'] },
    local_link_connection: {},
    pxe_enabled: false,
    vendor: null,
  });
  assert.deepEqual(work.calls, [
    { url: 'https://cmdb/node-1', headers: {}, timeoutMs: 2_000, retryCountMax: 0 },
  ]);
});

test('what a rule may not do fails the inspection with the rule and the reason', () => {
  failsWith([{ op: 'fail', args: ['only {inventory[cpu][count]}'] }], /rule-1 failed .*: only 8\./);
  failsWith(set('owner', 'x'), /rules may change only/);
  failsWith(set('driver', 'ipmi'), /driver is "redfish" and cannot become "ipmi"/);
  failsWith(set('driver_info', {}), /key by key/);
  failsWith(set('name', 'a b'), /name cannot be "a b"/);
  failsWith(set('resource_class', 'x'.repeat(81)), /resource_class cannot be/);
  failsWith(set('extra', []), /extra is a map/);
  failsWith(set('extra/x', '{inventory[nothing]}'), /refers to \{inventory\[nothing\]\}, which/);
  failsWith([{ op: 'set-port-attribute', args: ['other', 'extra/x', 1] }], /no port "other"/);
  failsWith([{ op: 'set-port-attribute', args: ['port-1', 'pxe_enabled', 'x'] }], /true or false/);
  failsWith([{ op: 'add-trait', args: ['bad'] }], /"bad" is not a trait/);
  failsWith([{ op: 'del-attribute', args: ['extra/none'] }], /no extra\/none to delete/);
  failsWith([{ op: 'extend-attribute', args: ['properties/capabilities', 1] }], /it is no list/);
  failsWith(
    [{ op: 'set-port-attribute', args: ['port-1', 'local_link_connection/switch_id', 'x'] }],
    /switch_id cannot be "x"/,
  );
  failsWith(set('properties/capabilities/x', 1), /capabilities is "a:1/);
});

test('secrets and addresses of driver_info are for sensitive rules only', () => {
  const address = set('driver_info/redfish_address', 'https://{inventory[bmc_address]}');
  const password = set('driver_info/redfish_password', '{inventory[bmc_password]}');

  failsWith(set('driver_info/redfish_password', 'x'), /is a secret, which only a sensitive rule/);
  failsWith(address, /decides where the credentials of the node are sent/);
  const fresh = act(address, {}, newWork({ hasSecrets: false }));
  const work = act([...address, ...password], { sensitive: true });

  const { driver_info: info } = work.attributes;
  assert.deepEqual(info, { redfish_address: 'https://10.1.2.3', redfish_password: 'CANARY' });
  assert.equal(
    (fresh.attributes['driver_info'] as JsonObject)['redfish_address'],
    'https://10.1.2.3',
  );
});

test('rules that are not sensitive see no secrets, and sensitive ones tell none', () => {
  const open = act([
    ...set('extra/one', '{inventory[bmc_password]}'),
    ...set('extra/all', '{inventory}'),
  ]);
  assert.ok(!JSON.stringify(open).includes('CANARY'));

  const work = act([{ op: 'log', args: ['{inventory[bmc_password]}'] }], { sensitive: true });
  assert.ok(!JSON.stringify(work.notes).includes('CANARY'));
  failsWith(
    [{ op: 'fail', args: ['{inventory[bmc_password]}'] }],
    /^(?!.*CANARY).*sensitive/,
    INVENTORY,
    { sensitive: true },
  );
});
