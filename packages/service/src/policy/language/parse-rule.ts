// From the text (or the older lists) of a rule to checks.
//   expression = conjunction { "or" conjunction }
//   conjunction = unary { "and" unary }
//   unary = "not" unary | "(" expression ")" | check
//   check = "@" | "!" | KIND ":" MATCH

import { type Check, currentName } from './check.ts';
import { literalText } from './python-text.ts';
import { RuleInvalid } from './rule-invalid.ts';
import { parseTemplate } from './template.ts';
import { type Token, tokensOf } from './tokens.ts';

/** Ten times the longest default; a longer one is a wrong file. */
const RULE_CHARS_MAX = 16_384;
/** Deeper than people write, and far from the end of the stack. */
const NESTING_MAX = 100;
const QUOTED_CHARS_MAX = 80;

/** `rule` as a file has it: a text, or a list of lists. Throws RuleInvalid. */
export const parseRule = (rule: unknown): Check => {
  if (typeof rule === 'string') return parseText(rule);
  if (Array.isArray(rule)) return parseLists(rule);
  throw new RuleInvalid('a rule is a text, or a list of lists of checks');
};

const shown = (text: string): string =>
  text.length > QUOTED_CHARS_MAX ? `${text.slice(0, QUOTED_CHARS_MAX)}...` : text;

const refuseLong = (text: string): void => {
  if (text.length <= RULE_CHARS_MAX) return;
  throw new RuleInvalid(`a rule has at most ${RULE_CHARS_MAX} characters`);
};

const parseText = (text: string): Check => {
  if (text === '') return { kind: 'always', source: '' };
  refuseLong(text);
  const tokens = tokensOf(text);
  if (tokens.every(({ text: each }) => each === '')) {
    throw new RuleInvalid('only blanks; write "@" for always or "!" for never');
  }
  const reader: Reader = { tokens, at: 0 };
  const check = readExpression(reader, 0);
  const rest = tokens[reader.at];
  if (rest === undefined) return check;
  throw new RuleInvalid(
    rest.kind === ')' ? 'a ")" has no "("' : `expected "and" or "or" before "${shown(rest.text)}"`,
  );
};

type Reader = { readonly tokens: readonly Token[]; at: number };

const readJoined = (reader: Reader, word: 'and' | 'or', readOne: () => Check): Check => {
  const checks = [readOne()];
  while (reader.tokens[reader.at]?.kind === word) {
    reader.at += 1;
    checks.push(readOne());
  }
  const [only, ...more] = checks;
  return more.length === 0 && only !== undefined ? only : { kind: word, checks };
};

const readExpression = (reader: Reader, depth: number): Check =>
  readJoined(reader, 'or', () => readJoined(reader, 'and', () => readUnary(reader, depth)));

const readUnary = (reader: Reader, depth: number): Check => {
  if (depth > NESTING_MAX) throw new RuleInvalid(`nested deeper than ${NESTING_MAX}`);
  const token = reader.tokens[reader.at];
  const before = reader.tokens[reader.at - 1];
  reader.at += 1;
  switch (token?.kind) {
    case 'not':
      return { kind: 'not', check: readUnary(reader, depth + 1) };
    case '(': {
      const check = readExpression(reader, depth + 1);
      if (reader.tokens[reader.at]?.kind !== ')') throw new RuleInvalid('a "(" has no ")"');
      reader.at += 1;
      return check;
    }
    case 'check':
      return parseCheck(token.text);
    case 'string':
      throw new RuleInvalid(
        `${shown(token.text)} is a text and not a check; a check is KIND:MATCH, "@" or "!"`,
      );
    default: {
      const place = before === undefined ? 'at the beginning' : `after "${shown(before.text)}"`;
      const found = token === undefined ? 'nothing' : `"${token.text}"`;
      throw new RuleInvalid(`expected a check ${place}, found ${found}`);
    }
  }
};

/** The older form: any of the outer list, all of an inner list. Its checks are never cut at blanks. */
const parseLists = (outer: readonly unknown[]): Check => {
  if (outer.length === 0) return { kind: 'always', source: '@' };
  const checks: Check[] = [];
  for (const inner of outer) {
    const texts: readonly unknown[] = Array.isArray(inner) ? inner : inner === '' ? [] : [inner];
    if (texts.length === 0) continue;
    const all = texts.map((text) => {
      if (typeof text !== 'string') throw new RuleInvalid('a list of lists holds checks only');
      refuseLong(text);
      return parseCheck(text);
    });
    checks.push(joined('and', all));
  }
  return checks.length === 0 ? { kind: 'never' } : joined('or', checks);
};

const joined = (kind: 'and' | 'or', checks: readonly Check[]): Check =>
  checks.length === 1 ? (checks[0] as Check) : { kind, checks };

const parseCheck = (text: string): Check => {
  if (text === '@') return { kind: 'always', source: '@' };
  if (text === '!') return { kind: 'never' };
  const colon = text.indexOf(':');
  if (colon < 1) {
    throw new RuleInvalid(`"${shown(text)}" is not a check; a check is KIND:MATCH, "@" or "!"`);
  }
  const kind = text.slice(0, colon);
  const match = text.slice(colon + 1);
  if (kind === 'rule') return { kind: 'rule', name: match };
  if (kind === 'http' || kind === 'https') return { kind: 'http', url: parseTemplate(text) };
  const template = parseTemplate(match);
  if (kind === 'role') return { kind: 'role', match: template };
  const literal = literalText(kind);
  if (literal !== undefined)
    return { kind: 'literal', source: kind, text: literal, match: template };
  const [head = '', ...rest] = kind.split('.');
  return { kind: 'credential', source: kind, path: [currentName(head), ...rest], match: template };
};
