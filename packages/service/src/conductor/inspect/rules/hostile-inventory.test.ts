import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonValue } from '@bessemer/protocol/json';

import { runRules } from './run-rules.ts';
import { act, failsWith, INVENTORY, newWork, rule, set } from './test-work.ts';

test('a machine that answers in the language of rules is taken by its word, not as a rule', () => {
  const hostile = {
    ...INVENTORY,
    hostname: '{node.driver_info[redfish_password]}{inventory[bmc_password]}',
    path: 'driver_info/redfish_address',
    trait: 'CUSTOM_A","CUSTOM_B',
    capability: 'x,boot_mode:bios',
    prototype: { constructor: 1 },
  };

  const work = act(
    [
      { op: 'set-attribute', args: ['extra/host', '{inventory[hostname]}'] },
      {
        op: 'set-attribute',
        args: { path: 'extra/loop', value: '{item}' },
        loop: ['{inventory[hostname]}'],
      },
    ],
    {},
    newWork(),
    hostile,
  );
  assert.deepEqual(work.attributes['extra'], { host: hostile.hostname, loop: hostile.hostname });

  failsWith(set('{inventory[path]}', 'https://evil'), /path .* is not fixed/, hostile);
  failsWith(
    [{ op: 'set-attribute', args: { path: '{item}', value: 1 }, loop: ['{inventory[path]}'] }],
    /is not fixed/,
    hostile,
  );
  failsWith([{ op: 'add-trait', args: ['{inventory[trait]}'] }], /is not a trait/, hostile);
  failsWith(
    [{ op: 'set-capability', args: ['size', '{inventory[capability]}'] }],
    /capability size cannot be "x,boot_mode:bios"/,
    hostile,
  );
  failsWith(
    [{ op: 'api-call', args: { url: 'http://x/', headers: { a: '{inventory[hostname]}' } } }],
    /header "a" cannot be sent/,
    { ...INVENTORY, hostname: 'x\r\nEvil: 1' },
  );
  failsWith(
    set('driver_info/kernel_append_params', '{inventory[hostname]}'),
    /kernel_append_params/,
    {
      ...INVENTORY,
      hostname: 'x\ninit=/bin/sh',
    },
  );
});

test('T-59: a huge or crafted inventory ends the rules, not the service', () => {
  const huge = {
    ...INVENTORY,
    hostname: 'a'.repeat(4_096),
    list: Array(2_000).fill('x'.repeat(4_000)),
  };

  failsWith(set('extra/x', '{inventory[list]}'), /take too long|larger than 65536/, huge);
  failsWith(
    [{ op: 'log', args: ['{item}'], loop: ['{inventory[list]}'] }],
    /take too long|more than 1000 items/,
    huge,
  );
  assert.throws(
    () =>
      runRules(
        [
          rule({
            conditions: [
              {
                op: 'contains',
                args: ['{inventory[hostname]}', '(a|aa|a?){50}(a|aa|a?){50}b'],
                loop: Array(1_000).fill(1),
              },
            ],
          }),
        ],
        newWork(),
        huge,
      ),
    /take too long/,
  );
  const condition = { op: 'matches', args: ['{inventory[hostname]}', '(a+)+'] };
  const { applied } = runRules([rule({ conditions: [condition] })], newWork(), huge);
  assert.deepEqual(applied, ['rule-1']);
});

test('whatever a machine says, rules end, and change nothing that is not on the list', () => {
  const value = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;
  const key = fc.constantFrom('a', 'owner', '__proto__', 'constructor', 'redfish_password', '0');
  const inventory = fc.dictionary(key, value, { noNullPrototype: true });
  const reference = fc.constantFrom(
    '{inventory[a]}',
    '{inventory}',
    'x{inventory[a]}',
    '{item}',
    '{inventory[owner][0]}',
  );
  const path = fc.constantFrom(
    'extra/x',
    'extra/__proto__/x',
    'properties',
    'name',
    'owner',
    'driver_info/a',
    '{inventory[a]}',
    'resource_class',
  );
  const op = fc.constantFrom(
    'set-attribute',
    'extend-attribute',
    'set-capability',
    'add-trait',
    'set-plugin-data',
    'log',
  );
  const test_op = fc.constantFrom(
    'eq',
    'lt',
    '!is-empty',
    'contains',
    'one-of',
    'in-net',
    'is-true',
  );

  fc.assert(
    fc.property(inventory, op, path, reference, test_op, (machine, action, at, text, check) => {
      const work = newWork();
      const before = structuredClone(work);
      const args: JsonValue[] =
        check === 'contains'
          ? [text, 'a+']
          : check === 'in-net'
            ? [text, '10.0.0.0/8']
            : [[text, 1]];
      const actions = [
        { op: action, args: action === 'add-trait' || action === 'log' ? [text] : [at, text] },
      ];
      try {
        runRules(
          [rule({ actions, conditions: [{ op: check, args, loop: [text] }] }), rule({ actions })],
          work,
          machine,
        );
      } catch (error) {
        assert.ok(error instanceof Failure, String(error));
      }
      assert.deepEqual(work.facts, before.facts);
      assert.deepEqual(Object.keys(work.attributes), Object.keys(before.attributes));
      assert.equal(work.attributes['driver'], 'redfish');
      assert.equal(({} as { x?: unknown }).x, undefined);
    }),
    { numRuns: 3_000 },
  );
});
