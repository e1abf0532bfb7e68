// `bessemer policy explain`: may this caller, and which part of the rule says so?

import { nearest } from '#config/nearest';
import type { Credentials } from '#policy/credentials';
import { decide, isOfScope, scopeOf } from '#policy/decide';
import type { Asker } from '#policy/language/asker';
import { decidersOf, explainCheck, type Explanation } from '#policy/language/explain-check';
import type { PolicyTarget } from '#policy/policy';
import type { EffectiveRule } from '#policy/rule-set';
import { isRuleName } from '#policy/rules';

import { type Print, UsageInvalid } from '../command.ts';
import { callerOf, type CallerValues, objectOf } from './caller.ts';
import { type RulesInForce, rulesInForce } from './rules-in-force.ts';

type ExplainValues = CallerValues & {
  readonly rule?: string | undefined;
  readonly json: boolean;
};

/** Who fails this about a node is told that there is no such node. */
const SEE_NODE = 'baremetal:node:get';
const DECIDERS_MAX = 8;

export const explainAnswer = async (values: ExplainValues, print: Print): Promise<number> => {
  const { rule: name } = values;
  if (name === undefined) throw new UsageInvalid('expected --rule R');
  const force = await rulesInForce(values);
  const rule = force.rules.rules.get(name);
  if (rule === undefined) throw noRule(name, force);
  const credentials = await callerOf(values, force.settings);
  const target = await objectOf(values);
  const { serviceProject, isScopeEnforced } = force.options;
  const asker: Asker = { rule: name, credentials, target, serviceProject };
  const isRightScope = !isScopeEnforced || isOfScope(rule, credentials);
  const explanation = await explainCheck(rule.check, asker, {
    find: force.rules.find,
    askHttp: force.askHttp,
  });
  const isAllowed = isRightScope && explanation.isTrue;
  const isVisible =
    values.node === undefined ||
    (await decide(force.rules, { ...asker, rule: SEE_NODE }, isScopeEnforced));
  if (values.json) {
    const facts = { rule: name, isAllowed, isRightScope, isVisible, credentials, target };
    print(JSON.stringify({ ...facts, from: originOf(rule, force), explanation }, null, 2));
    return isAllowed ? 0 : 1;
  }
  print(`${isAllowed ? 'allowed' : 'refused'}: ${name}`);
  print(`rule    ${originOf(rule, force)}`);
  print(`caller  ${callerText(credentials)}`);
  print(`object  ${objectText(target)}`);
  if (!isRightScope) {
    const scopes = rule.scopes?.join(' or ');
    print(
      `scope   refused at once: the rule is for ${scopes}, the caller's login for ${scopeOf(credentials)}`,
    );
  }
  if (!isVisible) {
    print(`answer  404, as if the node did not exist: ${SEE_NODE} refuses this caller`);
  }
  const deciders = decidersOf(explanation);
  for (const line of deciderLines(explanation, deciders)) print(line);
  for (const line of treeLines(explanation, deciders, 0)) print(line);
  return isAllowed ? 0 : 1;
};

const noRule = (name: string, { rules }: RulesInForce): UsageInvalid => {
  const guess = nearest(name, [...rules.rules.keys()]);
  return new UsageInvalid(
    `there is no rule "${name}"${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
  );
};

const originOf = ({ name, override }: EffectiveRule, { options }: RulesInForce): string => {
  if (override !== undefined) {
    const of = override.name === name ? '' : `, as ${override.name}, its older name`;
    return `${override.path}:${override.line}${of}`;
  }
  if (!isRuleName(name)) return 'unknown';
  return options.areNewDefaultsEnforced ? 'default' : 'default, with the older default beside it';
};

const callerText = (credentials: Credentials): string =>
  [
    `user ${credentials.user_id ?? '-'}`,
    `roles ${credentials.roles.join(', ') || 'none'}`,
    credentials.project_id === null
      ? `scope ${credentials.system_scope === null ? 'none' : 'the whole system'}`
      : `project ${credentials.project_id} (${credentials.project_name ?? '-'})`,
  ].join('; ');

const objectText = (target: PolicyTarget | undefined): string =>
  target === undefined
    ? 'none (--node N or --target node.owner=P names one)'
    : Object.entries(target)
        .map(([key, value]) => `${key} ${value ?? '-'}`)
        .join('; ');

const reasonOf = ({ text, because }: Explanation): string =>
  because === undefined ? text : `${text}: ${because}`;

const deciderLines = (
  { isTrue }: Explanation,
  deciders: readonly Explanation[],
): readonly string[] => {
  const [only, ...others] = deciders;
  if (only !== undefined && others.length === 0) return [`because ${reasonOf(only)}`];
  const shown = deciders.slice(0, DECIDERS_MAX);
  const more = deciders.length - shown.length;
  return [
    `because ${isTrue ? 'all of these are so' : 'none of these is so'}`,
    ...shown.map((each) => `        ${reasonOf(each)}`),
    ...(more > 0 ? [`        and ${more} more`] : []),
  ];
};

const treeLines = (
  explanation: Explanation,
  deciders: readonly Explanation[],
  depth: number,
): readonly string[] => {
  const { text, isTrue, kind, parts } = explanation;
  const mark = deciders.includes(explanation) ? '  <-' : '';
  const shown = kind === 'and' ? 'all of' : kind === 'or' ? 'any of' : text;
  return [
    `${isTrue ? 'yes' : 'no '} ${'  '.repeat(depth)}${shown}${mark}`,
    ...parts.flatMap((each) => treeLines(each, deciders, depth + 1)),
  ];
};
