// A rule of the policy language, taken apart.

import type { Template } from './template.ts';

export type Check =
  /** `@`, or nothing at all. */
  | { readonly kind: 'always'; readonly source: '@' | '' }
  | { readonly kind: 'never' }
  | { readonly kind: 'not'; readonly check: Check }
  | { readonly kind: 'and' | 'or'; readonly checks: readonly Check[] }
  | { readonly kind: 'role'; readonly match: Template }
  | { readonly kind: 'rule'; readonly name: string }
  /** `'text':MATCH`, `True:MATCH`: a constant against something of the object. */
  | {
      readonly kind: 'literal';
      readonly source: string;
      readonly text: string;
      readonly match: Template;
    }
  | {
      readonly kind: 'credential';
      /** As written: may be a deprecated name. */
      readonly source: string;
      readonly path: readonly string[];
      readonly match: Template;
    }
  | { readonly kind: 'http'; readonly url: Template };

/** Names that older releases had for what a caller brings. */
export const DEPRECATED_NAMES: { readonly [name: string]: string } = {
  user: 'user_id',
  domain_id: 'user_domain_id',
  domain_name: 'user_domain_id',
  tenant: 'project_name',
};

export const currentName = (name: string): string =>
  Object.hasOwn(DEPRECATED_NAMES, name) ? (DEPRECATED_NAMES[name] as string) : name;

/** Calls `visit` with `check` and with everything in it. */
export const visitChecks = (check: Check, visit: (each: Check) => void): void => {
  visit(check);
  if (check.kind === 'not') visitChecks(check.check, visit);
  if (check.kind === 'and' || check.kind === 'or') {
    for (const each of check.checks) visitChecks(each, visit);
  }
};

/** The part of a check that `%(key)s` may stand in. */
export const templateOf = (check: Check): Template | undefined =>
  check.kind === 'http' ? check.url : 'match' in check ? check.match : undefined;
