// A rule as a text again.

import type { Check } from './check.ts';

const STRENGTH: { readonly [kind: string]: number } = { or: 1, and: 2, not: 3 };

const strengthOf = (check: Check): number => STRENGTH[check.kind] ?? 4;

const within = (check: Check, strength: number): string =>
  strengthOf(check) <= strength && strengthOf(check) < 3 ? `(${ruleText(check)})` : ruleText(check);

/** Equal in meaning to what was parsed, with no parentheses but the needed ones. */
export const ruleText = (check: Check): string => {
  switch (check.kind) {
    case 'always':
      return '@';
    case 'never':
      return '!';
    case 'not':
      return `not ${within(check.check, 3)}`;
    case 'and':
    case 'or': {
      const strength = strengthOf(check);
      return check.checks.map((each) => within(each, strength)).join(` ${check.kind} `);
    }
    case 'role':
      return `role:${check.match.source}`;
    case 'rule':
      return `rule:${check.name}`;
    case 'literal':
    case 'credential':
      return `${check.source}:${check.match.source}`;
    case 'http':
      return check.url.source;
  }
};
