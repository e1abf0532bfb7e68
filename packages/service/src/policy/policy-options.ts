// What the policy depends on besides the rules themselves.

import { EXTERNAL_CHECK_MS_MAX, type HttpCheckOptions } from './http-check.ts';

export type PolicyOptions = {
  /** Where the policy file may be: the one of them that exists. None: the defaults only. */
  readonly files: readonly string[];
  /** Whether it is an error when none of `files` exists. */
  readonly isFileNeeded: boolean;
  /** Their files are read after the policy file, in the order of their names. Need not exist. */
  readonly directories: readonly string[];
  /** Rule of the policy file that stands in for those that do not exist. */
  readonly defaultRule: string;
  /** False: the older defaults count as well. */
  readonly areNewDefaultsEnforced: boolean;
  /** Whether a rule for another scope than the caller's is refused before it is looked at. */
  readonly isScopeEnforced: boolean;
  /** Project whose service accounts work for the whole system. */
  readonly serviceProject: string | undefined;
  /** Undefined: rules that ask an HTTP service are refused. */
  readonly http: HttpCheckOptions | undefined;
};

export const DEFAULT_POLICY_OPTIONS: PolicyOptions = {
  files: [],
  isFileNeeded: false,
  directories: [],
  defaultRule: 'default',
  areNewDefaultsEnforced: true,
  isScopeEnforced: true,
  serviceProject: undefined,
  http: undefined,
};

export const DEFAULT_HTTP_CHECK_OPTIONS: HttpCheckOptions = {
  contentType: 'application/x-www-form-urlencoded',
  timeoutMs: EXTERNAL_CHECK_MS_MAX,
  isServerVerified: true,
  authority: undefined,
  certificate: undefined,
  key: undefined,
};
