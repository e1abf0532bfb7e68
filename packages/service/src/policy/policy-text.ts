// The text of a policy file: a YAML (or JSON) mapping from the names of rules to rules.

import { isAlias, isMap, isScalar, LineCounter, parseDocument, type Pair } from 'yaml';

import type { Check } from './language/check.ts';
import { parseRule } from './language/parse-rule.ts';
import { RuleInvalid } from './language/rule-invalid.ts';
import type { PolicyProblem } from './policy-problem.ts';

/** A rule that an operator wrote. */
export type Override = {
  readonly name: string;
  readonly check: Check;
  readonly path: string;
  readonly line: number;
};

export type PolicyText = {
  readonly overrides: ReadonlyMap<string, Override>;
  readonly problems: readonly PolicyProblem[];
};

/** Many times the number of rules that exist. */
const RULES_MAX = 5_000;

const QUOTE_HINT = 'rules need quotes in YAML, as in "!" or "@"';

/** Why YAML itself refused, in the words of somebody who writes a policy. */
const yamlText = (code: string, message: string): string => {
  const [first = ''] = message.split('\n');
  const plain = first.replace(/ at line \d+.*$/, '');
  if (code === 'TAB_AS_INDENT') return 'a tab at the beginning of the line; YAML wants blanks';
  if (code === 'DUPLICATE_KEY') return 'the rule is in the file twice';
  if (plain.includes('@')) return `${plain}; ${QUOTE_HINT}`;
  return plain;
};

export const parsePolicyText = (text: string, path: string): PolicyText => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const problems: PolicyProblem[] = [...document.errors, ...document.warnings].map((each) => ({
    severity: 'error',
    path,
    line: lineAt(each.pos[0]),
    text: yamlText(each.code, each.message),
  }));
  const overrides = new Map<string, Override>();
  const { contents } = document;
  if (problems.length > 0 || contents === null) return { overrides, problems };
  if (isScalar(contents) && contents.value === null) return { overrides, problems };
  if (!isMap(contents) || contents.items.length > RULES_MAX) {
    const text = `expected a mapping from at most ${RULES_MAX} names of rules to rules`;
    return { overrides, problems: [{ severity: 'error', path, text }] };
  }
  for (const pair of contents.items) {
    const line = lineAt(offsetOf(pair));
    const name = isScalar(pair.key) ? pair.key.value : undefined;
    const tell = (about: string): void => {
      const rule = typeof name === 'string' ? name : undefined;
      problems.push({ severity: 'error', path, line, rule, text: about });
    };
    if (typeof name !== 'string') {
      tell('the name of a rule is a text');
      continue;
    }
    try {
      overrides.set(name, { name, check: parseRule(ruleIn(pair)), path, line });
    } catch (error) {
      if (!(error instanceof RuleInvalid)) throw error;
      tell(error.message);
    }
  }
  return { overrides, problems };
};

const offsetOf = ({ key }: Pair): number => (isScalar(key) ? (key.range?.[0] ?? 0) : 0);

const ruleIn = ({ value }: Pair): unknown => {
  // One rule has nothing to share with another but a reference by name; aliases only make files that explode.
  if (isAlias(value)) throw new RuleInvalid('aliases are not for rules; use rule:NAME');
  if (isScalar(value)) {
    const { value: rule, tag, type = '' } = value;
    // An empty rule is always true, so it has to be meant: "" and not a block with nothing in it.
    const isEmpty = rule === null || (rule === '' && !type.startsWith('QUOTE'));
    if (tag !== undefined || isEmpty) {
      throw new RuleInvalid(`there is no rule; ${QUOTE_HINT}`);
    }
    if (typeof rule === 'string') return rule;
    throw new RuleInvalid(`${JSON.stringify(rule)} is not a rule; ${QUOTE_HINT}`);
  }
  return plain(value, 0);
};

/** A list of lists, and nothing deeper. */
const plain = (value: unknown, depth: number): unknown => {
  if (isScalar(value)) return value.value;
  if (typeof value === 'object' && value !== null && 'items' in value && !isMap(value)) {
    if (depth > 1) throw new RuleInvalid('a list of lists holds checks only');
    return (value.items as readonly unknown[]).map((each) => plain(each, depth + 1));
  }
  throw new RuleInvalid('a rule is a text, or a list of lists of checks');
};
