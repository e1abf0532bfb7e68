// The answer of the rules in force to one question.

import type { Credentials } from './credentials.ts';
import type { Asker } from './language/asker.ts';
import type { EffectiveRule, RuleSet } from './rule-set.ts';

export type Scope = 'system' | 'domain' | 'project';

/** What a login is for. As in the original, one that is for nothing is for a project. */
export const scopeOf = ({ system_scope: system, domain_id: domain }: Credentials): Scope => {
  if (system !== null) return 'system';
  return domain === null ? 'project' : 'domain';
};

export const isOfScope = ({ scopes }: EffectiveRule, credentials: Credentials): boolean =>
  scopes === undefined || (scopes as readonly Scope[]).includes(scopeOf(credentials));

/** A rule that does not exist is refused. */
export const decide = (
  rules: RuleSet,
  asker: Asker,
  isScopeEnforced: boolean,
): boolean | Promise<boolean> => {
  const rule = rules.find(asker.rule);
  if (rule === undefined) return false;
  if (isScopeEnforced && !isOfScope(rule, asker.credentials)) return false;
  return rules.compiled(asker.rule)?.test(asker) ?? false;
};
