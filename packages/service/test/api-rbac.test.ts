// Who may do what, asked over HTTP: 22 kinds of callers, each rule of the policy that a request decides on, both
// generations of defaults. The table was made with the policy library of the original.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { RULE_NAMES, type RuleName } from '#policy/rules';

import { LIST_CASES, OWN_RULES, RBAC_CASES, type RbacCase } from './api/rbac-cases.ts';
import type { Answer } from './api/with-api.ts';
import { openRbacStage, type Persona, type RbacStage } from './api/rbac-stage.ts';

type Row = {
  readonly new_defaults: readonly string[];
  readonly extra_with_legacy_defaults: readonly string[];
};

const { personas, rules: rulesOfTable } = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/rbac-matrix.json', import.meta.url), 'utf8'),
) as {
  readonly personas: { readonly [name: string]: Persona };
  readonly rules: { readonly [rule: string]: Row };
};

const rules = { ...rulesOfTable, ...OWN_RULES };

const NAMES = Object.keys(personas);

/** What the wire cannot ask for: aliases that other rules are made of, and a rule that nothing uses any more. */
const NOT_ON_THE_WIRE: ReadonlySet<string> = new Set([
  'admin_api',
  'public_api',
  'service_role',
  'is_member',
  'is_observer',
  'is_admin',
  'is_node_owner',
  'is_node_lessee',
  'is_allocation_owner',
  'baremetal:allocation:create_pre_rbac',
]);

const describeAsk = ({ ask }: RbacCase): string => {
  const named = new Proxy({}, { get: (_target, name) => `{${String(name)}}` });
  const { method, url } = ask(named as RbacStage['props']);
  return `${method} ${url}`;
};

const isPass = ({ shows }: RbacCase, { status, text }: Answer): boolean =>
  shows === undefined ? status !== 403 && status !== 404 : shows.test(text);

type ListCase = (typeof LIST_CASES)[number];

const listed = ({ body, text }: Answer, key: string): string => {
  const count = (body as { readonly [key: string]: readonly unknown[] })[key]?.length ?? 0;
  if (count === 0) return 'none';
  return text.includes('"foreign"') ? 'all' : 'own';
};

/** What a list is to show: only the list of nodes has one of somebody else on the stage. */
const sightOf = (
  { all, own, key }: ListCase,
  persona: string,
  areNewDefaultsEnforced: boolean,
  passes: (rule: RuleName, persona: string) => boolean,
): string => {
  if (seesAll(all, persona, areNewDefaultsEnforced)) return key === 'nodes' ? 'all' : 'own';
  const project = personas[persona]?.project_id;
  if (project === undefined || !passes(own, persona)) return '403';
  const isParty = project === 'OWN' || (project === 'LES' && !OWNER_ONLY.has(key));
  return isParty ? 'own' : 'none';
};

/** These have an owner of their own and no lessee. */
const OWNER_ONLY: ReadonlySet<string> = new Set(['allocations', 'runbooks']);

/** With system scope, or with the older rules an administrator of anything. */
const seesAll = (rule: RuleName, persona: string, areNewDefaultsEnforced: boolean): boolean => {
  const row = rules[rule];
  if (row?.new_defaults.includes(persona) === true) return true;
  // The table asks about one node; of a list nobody is the owner.
  const isOldAdmin = /_admin$|^legacy_baremetal_observer$/.test(persona);
  const isExtra = row?.extra_with_legacy_defaults.includes(persona) === true;
  return !areNewDefaultsEnforced && isOldAdmin && isExtra;
};

const GENERATIONS = {
  'the newer defaults': { areNewDefaultsEnforced: true },
  'both generations of defaults': { areNewDefaultsEnforced: false },
} as const;

for (const [generation, options] of Object.entries(GENERATIONS)) {
  const passes = (rule: RuleName, persona: string): boolean => {
    const row = rules[rule];
    assert.ok(row, rule);
    const isExtra = row.extra_with_legacy_defaults.includes(persona);
    return row.new_defaults.includes(persona) || (isExtra && !options.areNewDefaultsEnforced);
  };
  const isAllowed = ({ rule, after: before_ = [], or = [] }: RbacCase, persona: string): boolean =>
    before_.every((each) => passes(each, persona)) &&
    [rule, ...or].some((each) => passes(each, persona));

  describe(`with ${generation}`, () => {
    let stage: RbacStage;
    before(async () => {
      stage = await openRbacStage(personas, {
        ...options,
        isScopeEnforced: false,
        serviceProject: 'service',
      });
    });
    after(() => stage?.close());

    for (const each of RBAC_CASES) {
      test(`${each.rule} decides who may ${describeAsk(each)}`, async () => {
        const expected: string[] = [];
        const seen: string[] = [];
        for (const persona of NAMES) {
          if (isAllowed(each, persona)) expected.push(persona);
          const answer = await stage.as(persona, each.ask(await stage.propsFor(each)));
          assert.notEqual(answer.status, 500, persona);
          if (isPass(each, answer)) seen.push(persona);
        }

        assert.deepEqual(seen, expected);
      });
    }

    for (const list of LIST_CASES) {
      test(`${list.url} shows each caller all, what is theirs, nothing, or refuses`, async () => {
        const expected: { [persona: string]: string } = {};
        const seen: { [persona: string]: string } = {};
        for (const persona of NAMES) {
          expected[persona] = sightOf(list, persona, options.areNewDefaultsEnforced, passes);
          const answer = await stage.as(persona, { method: 'GET', url: list.url });
          seen[persona] = answer.status === 200 ? listed(answer, list.key) : `${answer.status}`;
        }

        assert.deepEqual(seen, expected);
      });
    }
  });
}

test('each rule that a request can decide on has one here', () => {
  const asked = new Set<string>([
    ...RBAC_CASES.flatMap(({ rule, or = [] }) => [rule, ...or]),
    ...LIST_CASES.flatMap(({ all, own }) => [all, own]),
    ...NOT_ON_THE_WIRE,
  ]);

  const isOfTable = (rule: string): boolean => /^(baremetal|bessemer:bmc):/.test(rule);
  const missing = RULE_NAMES.filter((rule) => isOfTable(rule) && !asked.has(rule));

  assert.deepEqual(missing, [
    // In api-node-access.test.ts.
    'baremetal:node:update_owner_provisioned',
    // On the public listener only when the operator says so: in agent-calls-of-users.test.ts.
    'baremetal:node:ipa_heartbeat',
    'baremetal:driver:ipa_lookup',
    'baremetal:driver:ipa_continue_inspection',
  ]);
});
