// Why a rule says yes or no: the same answer as the compiled rule gives, with every part that was looked at.

import { type Asker, targetValue } from './asker.ts';
import type { Check } from './check.ts';
import { type CompileParts, compileCheck, urlFrom } from './compile.ts';
import { pythonText } from './python-text.ts';
import { ruleText } from './rule-text.ts';
import { fillTemplate, type Template } from './template.ts';

export type Explanation = {
  readonly kind: Check['kind'];
  /** The check as it is written. */
  readonly text: string;
  readonly isTrue: boolean;
  /** What was compared with what. */
  readonly because: string | undefined;
  readonly parts: readonly Explanation[];
};

export type ExplainParts = {
  readonly find: (ruleName: string) => { readonly check: Check } | undefined;
  readonly askHttp: CompileParts['askHttp'];
};

/** Every part is looked at, also those that the answer does not need. */
export const explainCheck = async (
  check: Check,
  asker: Asker,
  parts: ExplainParts,
): Promise<Explanation> => {
  const explain = (each: Check): Promise<Explanation> => explainCheck(each, asker, parts);
  const text = ruleText(check);
  const { kind } = check;
  const leaf = (isTrue: boolean, because?: string): Explanation => ({
    kind,
    text,
    isTrue,
    because,
    parts: [],
  });
  switch (check.kind) {
    case 'always':
      return leaf(true);
    case 'never':
      return leaf(false);
    case 'not': {
      const inner = await explain(check.check);
      return { kind, text, isTrue: !inner.isTrue, because: undefined, parts: [inner] };
    }
    case 'and':
    case 'or': {
      const all: Explanation[] = [];
      for (const each of check.checks) all.push(await explain(each));
      const isTrue =
        check.kind === 'or' ? all.some((each) => each.isTrue) : all.every((each) => each.isTrue);
      return { kind, text, isTrue, because: undefined, parts: all };
    }
    case 'rule': {
      const rule = parts.find(check.name);
      if (rule === undefined) return leaf(false, 'there is no such rule');
      const inner = await explain(rule.check);
      return { kind, text, isTrue: inner.isTrue, because: undefined, parts: [inner] };
    }
    case 'http': {
      const url = urlFrom(check.url, asker);
      const isTrue = url !== undefined && (await parts.askHttp(url, asker));
      return leaf(isTrue, url === undefined ? missingIn(check.url, asker) : `asked ${url}`);
    }
    case 'role':
    case 'literal':
    case 'credential': {
      const { test } = compileCheck(check, { resolve: neverAsked, askHttp: parts.askHttp });
      return leaf(await test(asker), comparisonIn(check, asker));
    }
  }
};

const neverAsked = (name: string): never => {
  throw new Error(`a comparison does not refer to rule ${name}`);
};

const missingIn = (template: Template, asker: Asker): string => {
  const keys = template.parts.flatMap((part) => (typeof part === 'string' ? [] : [part.key]));
  const missing = keys.filter((key) => targetValue(asker, key) === undefined);
  return `the object has no ${missing.join(', ')}`;
};

type Comparison = Extract<Check, { readonly match: Template }>;

const comparisonIn = (check: Comparison, asker: Asker): string => {
  const wanted = fillTemplate(check.match, (key) => targetValue(asker, key));
  if (wanted === undefined) return missingIn(check.match, asker);
  const right = JSON.stringify(wanted);
  if (check.kind === 'literal') return `${check.source} is compared with ${right}`;
  const { credentials } = asker;
  if (check.kind === 'role') {
    return `the caller's roles are ${credentials.roles.join(', ') || 'none'}; wanted ${right}`;
  }
  const [name = ''] = check.path;
  if (!Object.hasOwn(credentials, name)) return `callers have no ${name}`;
  const has = pythonText(credentials[name as keyof typeof credentials]);
  return `the caller's ${name} is ${has}; wanted ${right}`;
};

/** The comparisons that the answer rests on: the first that made it, or all that would have had to be otherwise. */
export const decidersOf = (explanation: Explanation): readonly Explanation[] => {
  const { kind, isTrue, parts } = explanation;
  if (parts.length === 0) return [explanation];
  const isFirstEnough = kind === 'or' ? isTrue : kind === 'and' && !isTrue;
  const counting = parts.filter((each) => !isFirstEnough || each.isTrue === isTrue);
  return counting.slice(0, isFirstEnough ? 1 : parts.length).flatMap(decidersOf);
};
