// What asking a rule costs, from the question of a route to the answer, beside the same rule written by hand.

import { systemClock } from '../packages/service/src/clock.ts';
import { type Credentials, makeCredentials } from '../packages/service/src/policy/credentials.ts';
import { openPolicy } from '../packages/service/src/policy/open-policy.ts';
import type { Policy, PolicyTarget } from '../packages/service/src/policy/policy.ts';
import { DEFAULT_POLICY_OPTIONS } from '../packages/service/src/policy/policy-options.ts';
import type { RuleName } from '../packages/service/src/policy/rules.ts';

import { type Bench, type Measurement, medianOf } from './measurement.ts';

const RULE_NS_MAX = 20_000;
const ROUNDS = 9;
const ASKED_PER_ROUND = 200_000;
const ASKED_PER_ROUND_QUICK = 40_000;

const TARGET: PolicyTarget = { 'node.owner': 'p1', 'node.lessee': 'p2' };

const personOf = (role: string, project: string | undefined): Credentials =>
  makeCredentials({
    user_id: 'somebody',
    roles: [role],
    ...(project === undefined
      ? { system_scope: 'all' }
      : { project_id: project, project_name: project, project_domain_id: 'default' }),
  });

/** Different callers in turn, so that no answer can be foreseen. */
const CALLERS: readonly Credentials[] = [
  personOf('admin', undefined),
  personOf('reader', undefined),
  personOf('member', 'p1'),
  personOf('manager', 'p2'),
  personOf('reader', 'p3'),
  personOf('service', 'p1'),
];

const callerAt = (index: number): Credentials => CALLERS[index % CALLERS.length] as Credentials;

type Ask = (caller: Credentials) => boolean;

const nsPerCall = (ask: Ask, count: number): number => {
  const rounds = Array.from({ length: ROUNDS }, () => {
    let allowed = 0;
    const beginNs = process.hrtime.bigint();
    for (let each = 0; each < count; each += 1) allowed += ask(callerAt(each)) ? 1 : 0;
    const ns = Number(process.hrtime.bigint() - beginNs);
    // Nobody could leave out the calls: their answers are used.
    if (allowed > count) throw new Error('more answers than questions');
    return ns / count;
  });
  // The first rounds are the compiler's.
  return medianOf(rounds.slice(2));
};

const isReaderByHand: Ask = ({ roles, system_scope: scope, project_id: project }) => {
  if (scope === 'all' && (roles.includes('reader') || roles.includes('service'))) return true;
  const { 'node.owner': owner, 'node.lessee': lessee } = TARGET;
  if (roles.includes('reader') && (project === owner || project === lessee)) return true;
  return roles.includes('service') && project === owner;
};

const asking =
  (policy: Policy, rule: RuleName): Ask =>
  (caller) => {
    const allowed = policy.allows(rule, caller, TARGET);
    if (typeof allowed !== 'boolean') throw new Error('a default waits for somebody');
    return allowed;
  };

const CASES: readonly (readonly [what: string, rule: RuleName, generation: 'new' | 'both'])[] = [
  ['see a node', 'baremetal:node:get', 'new'],
  ['provision a node', 'baremetal:node:set_provision_state', 'new'],
  ['list all nodes', 'baremetal:node:list_all', 'new'],
  ['secrets of a node', 'show_password', 'new'],
  ['provision a node, older defaults too', 'baremetal:node:set_provision_state', 'both'],
];

export const policy: Bench = {
  name: 'policy',
  run: async ({ isQuick }) => {
    const count = isQuick ? ASKED_PER_ROUND_QUICK : ASKED_PER_ROUND;
    const open = (areNewDefaultsEnforced: boolean): Promise<Policy> =>
      openPolicy({
        clock: systemClock,
        options: { ...DEFAULT_POLICY_OPTIONS, areNewDefaultsEnforced },
        warn: () => undefined,
        onEvent: () => undefined,
      });
    const policies = { new: await open(true), both: await open(false) };
    const limitNs = nsPerCall(isReaderByHand, count);
    return CASES.map(([what, rule, generation]): Measurement => {
      const measured = nsPerCall(asking(policies[generation], rule), count);
      return {
        what: `rule: ${what}`,
        measured,
        unit: 'ns',
        limit: { value: limitNs, what: '"see a node" written by hand' },
        goal: `under ${RULE_NS_MAX / 1_000} µs`,
        isMet: measured < RULE_NS_MAX,
      };
    });
  },
};
