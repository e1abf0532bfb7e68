// Every rule with every kind of caller, as a table says that was made with the policy library of the original.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { makeCredentials } from '#policy/credentials';
import { RULE_NAMES, type RuleName } from '#policy/rules';

import { policyForTests } from './policy/policy-for-tests.ts';

type Persona = {
  readonly roles: readonly string[];
  readonly system_scope?: 'all';
  readonly project_id?: string;
  readonly project_name?: string;
  readonly project_domain_id?: string;
};
type Matrix = {
  readonly personas: { readonly [name: string]: Persona };
  readonly rules: {
    readonly [rule: string]: {
      readonly new_defaults: readonly string[];
      readonly extra_with_legacy_defaults: readonly string[];
    };
  };
};

const { personas, rules } = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/rbac-matrix.json', import.meta.url), 'utf8'),
) as Matrix;

/**
 * Who may call for agents on the public listener: in the original everybody who can reach it; here those who keep the
 * system. Named by what the newer defaults allow, and what the older ones add.
 */
const STRICTER: { readonly [rule: string]: Matrix['rules'][string] } = Object.fromEntries(
  [
    'baremetal:node:ipa_heartbeat',
    'baremetal:driver:ipa_lookup',
    'baremetal:driver:ipa_continue_inspection',
  ].map((rule) => [
    rule,
    {
      new_defaults: ['system_admin', 'system_service', 'service_project_service'],
      extra_with_legacy_defaults: [
        'owner_admin',
        'lessee_admin',
        'other_admin',
        'legacy_baremetal_admin',
      ],
    },
  ]),
);

// As the table was made: see its note.
const TARGET = {
  'node.owner': 'OWN',
  'node.lessee': 'LES',
  'allocation.owner': 'OWN',
  'runbook.owner': 'OWN',
};
const OPTIONS = { isScopeEnforced: false, serviceProject: 'service' };

const whoPasses = async (
  areNewDefaultsEnforced: boolean,
): Promise<{ [rule: string]: string[] }> => {
  const policy = await policyForTests({ ...OPTIONS, areNewDefaultsEnforced });
  const passed: { [rule: string]: string[] } = {};
  for (const rule of Object.keys(rules) as readonly RuleName[]) {
    const who: string[] = [];
    for (const [name, persona] of Object.entries(personas)) {
      if (await policy.allows(rule, makeCredentials(persona), TARGET)) who.push(name);
    }
    passed[rule] = who;
  }
  return passed;
};

const order = Object.keys(personas);
const sorted = (names: readonly string[]): string[] => order.filter((name) => names.includes(name));

test('the newer defaults allow whom the table says, for each of its rules', async () => {
  const passed = await whoPasses(true);

  assert.deepEqual(
    passed,
    Object.fromEntries(
      Object.entries({ ...rules, ...STRICTER }).map(([rule, row]) => [
        rule,
        sorted(row.new_defaults),
      ]),
    ),
  );
});

test('the older defaults beside them allow whom the table says', async () => {
  const passed = await whoPasses(false);

  assert.deepEqual(
    passed,
    Object.fromEntries(
      Object.entries({ ...rules, ...STRICTER }).map(([rule, row]) => [
        rule,
        sorted([...row.new_defaults, ...row.extra_with_legacy_defaults]),
      ]),
    ),
  );
});

test('the table and the rules name the same, but for the rules that are ours', () => {
  const original = RULE_NAMES.filter((name) => !name.startsWith('bessemer:'));

  assert.deepEqual([...original].sort(), Object.keys(rules).sort());
});
