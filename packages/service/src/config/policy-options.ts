// From the keys of the access rules to the options of the policy.

import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

import { DEFAULT_HTTP_CHECK_OPTIONS, type PolicyOptions } from '#policy/policy-options';

import type { Settings } from './schema.ts';
import { ConfigInvalid } from './setting.ts';

const SECOND_MS = 1_000;
const DEFAULT_FILE = 'policy.yaml';

export type PolicyPlaces = {
  /** Configuration file, when there is one. */
  readonly config: string | undefined;
  readonly data: string;
};

/** Throws ConfigInvalid. */
export const policyOptions = (settings: Settings, places: PolicyPlaces): PolicyOptions => {
  const { oslo_policy: policy, DEFAULT: general } = settings;
  const roots = [
    ...(places.config === undefined ? [] : [dirname(resolve(places.config))]),
    resolve(places.data),
  ];
  const found = (name: string): readonly string[] =>
    isAbsolute(name) ? [name] : [...new Set(roots.map((root) => join(root, name)))];
  return {
    files: found(policy.policy_file ?? DEFAULT_FILE),
    isFileNeeded: policy.policy_file !== null,
    directories: policy.policy_dirs.flatMap(found),
    defaultRule: policy.policy_default_rule,
    areNewDefaultsEnforced: policy.enforce_new_defaults,
    isScopeEnforced: policy.enforce_scope,
    serviceProject: general.rbac_service_role_elevated_access
      ? general.rbac_service_project_name
      : undefined,
    http: policy.allow_http_checks ? httpOptions(policy) : undefined,
  };
};

const httpOptions = (policy: Settings['oslo_policy']): NonNullable<PolicyOptions['http']> => ({
  ...DEFAULT_HTTP_CHECK_OPTIONS,
  contentType:
    policy.remote_content_type === 'application/json'
      ? 'application/json'
      : DEFAULT_HTTP_CHECK_OPTIONS.contentType,
  timeoutMs: policy.remote_timeout * SECOND_MS,
  isServerVerified: policy.remote_ssl_verify_server_crt,
  authority: pem('remote_ssl_ca_crt_file', policy.remote_ssl_ca_crt_file),
  certificate: pem('remote_ssl_client_crt_file', policy.remote_ssl_client_crt_file),
  key: pem('remote_ssl_client_key_file', policy.remote_ssl_client_key_file),
});

const pem = (key: string, path: string | null): string | undefined => {
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigInvalid(`oslo_policy.${key}: ${(error as Error).message}`);
  }
};
