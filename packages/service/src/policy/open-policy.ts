// Opens the policy. (Until policy files are read, administrators of the whole system may do everything but see
// secrets, and nobody else may do anything.)

import type { Policy } from './policy.ts';

const SECRETS: ReadonlySet<string> = new Set(['show_password', 'show_instance_secrets']);

export const openPolicy = (): Policy => ({
  allows: (rule, { roles, system_scope: scope, is_public_api: isPublic }) =>
    isPublic || (scope === 'all' && roles.includes('admin') && !SECRETS.has(rule)),
  allowsIfDefined: () => undefined,
});
