// `bessemer policy matrix`: which kinds of callers each rule lets through.

import { decide } from '#policy/decide';
import { PERSONA_TARGET, type PersonaGroup, personaGroups } from '#policy/personas';

import { type Print, UsageInvalid } from '../command.ts';
import { type PolicyValues, type RulesInForce, rulesInForce } from './rules-in-force.ts';

type MatrixValues = PolicyValues & {
  readonly rule?: string | undefined;
  readonly json: boolean;
};

/** Undefined for a rule that asks a service: nobody is asked for a table. */
type Row = {
  readonly rule: string;
  /** Path and line; undefined for a default. */
  readonly from: string | undefined;
  readonly allowed: ReadonlySet<string> | undefined;
};

/** Behind rules of the policy files. */
const MARK = ' *';

const rowOf = async (
  name: string,
  { rules, options }: RulesInForce,
  groups: readonly PersonaGroup[],
): Promise<Row> => {
  const override = rules.rules.get(name)?.override;
  const from = override === undefined ? undefined : `${override.path}:${override.line}`;
  if (rules.compiled(name)?.isAsync === true) return { rule: name, from, allowed: undefined };
  const allowed = new Set<string>();
  const { serviceProject, isScopeEnforced } = options;
  for (const persona of groups.flatMap(({ personas }) => personas)) {
    const asker = {
      rule: name,
      credentials: persona.credentials,
      target: PERSONA_TARGET,
      serviceProject,
    };
    if (await decide(rules, asker, isScopeEnforced)) allowed.add(persona.name);
  }
  return { rule: name, from, allowed };
};

const cellsOf = ({ allowed }: Row, { name, personas }: PersonaGroup): string =>
  personas
    .map((each) => (allowed === undefined ? '?' : allowed.has(each.name) ? each.letter : '-'))
    .join('')
    .padEnd(name.length);

export const printMatrix = async (values: MatrixValues, print: Print): Promise<number> => {
  const force = await rulesInForce(values);
  const groups = personaGroups(force.settings.DEFAULT.rbac_service_project_name);
  const names = [...force.rules.rules.keys()].filter(
    (name) => values.rule === undefined || name === values.rule,
  );
  if (names.length === 0) throw new UsageInvalid(`there is no rule "${values.rule}"`);
  const rows: Row[] = [];
  for (const name of names) rows.push(await rowOf(name, force, groups));
  if (values.json) {
    const shown = rows.map(({ rule, from = 'default', allowed }) => ({
      rule,
      from,
      allowed: allowed === undefined ? null : [...allowed],
    }));
    print(JSON.stringify(shown, null, 2));
    return 0;
  }
  const width = Math.max(...rows.map(({ rule }) => rule.length + MARK.length)) + 2;
  print(`${'rule'.padEnd(width)}${groups.map(({ name }) => name).join('  ')}`);
  for (const row of rows) {
    const mark = row.from === undefined ? '' : MARK;
    const cells = groups.map((group) => cellsOf(row, group)).join('  ');
    print(`${`${row.rule}${mark}`.padEnd(width)}${cells}`.trimEnd());
  }
  return 0;
};
