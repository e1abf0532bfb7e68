// Keys of the access rules: where they are written, and which generation of defaults stands behind them.

import type { Setting } from './setting.ts';

export const POLICY_SETTINGS = {
  policy_file: {
    kind: 'text',
    default: null,
    meaning:
      'YAML file with access rules of your own; looked for in the directory of the configuration file and in the data ' +
      'directory. policy.yaml, where there is one, when not set.',
  },
  policy_dirs: {
    kind: 'list',
    default: ['policy.d'],
    meaning:
      'Directories, found like policy_file, whose .yaml and .json files are read after it in the order of their names.',
  },
  policy_default_rule: {
    kind: 'text',
    default: 'default',
    meaning: 'Rule of your files that stands in for rules that are referred to and do not exist.',
  },
  enforce_new_defaults: {
    kind: 'flag',
    default: true,
    meaning:
      'Whether only the newer defaults count. Off, the older ones (baremetal_admin, baremetal_observer, any admin) count ' +
      'as well.',
  },
  enforce_scope: {
    kind: 'flag',
    default: true,
    meaning:
      'Whether a caller whose login is for another scope (system, domain, project) than a rule is refused at once.',
  },
  allow_http_checks: {
    kind: 'flag',
    default: false,
    meaning:
      'Whether rules may ask an HTTP service (http:URL). It is told who asks, and each answer waits for it.',
  },
  remote_content_type: {
    kind: 'text',
    default: 'application/x-www-form-urlencoded',
    choices: ['application/x-www-form-urlencoded', 'application/json'],
    meaning: 'How the HTTP service of a rule is asked.',
  },
  remote_timeout: {
    kind: 'count',
    unit: 'seconds',
    default: 5,
    min: 0.1,
    max: 60,
    meaning: 'How long the HTTP service of a rule may take; after that the answer is no.',
  },
  remote_ssl_verify_server_crt: {
    kind: 'flag',
    default: true,
    meaning: 'Whether the certificate of the HTTPS service of a rule is checked.',
  },
  remote_ssl_ca_crt_file: {
    kind: 'text',
    default: null,
    meaning: 'PEM certificates that the HTTPS service of a rule is checked against.',
  },
  remote_ssl_client_crt_file: {
    kind: 'text',
    default: null,
    meaning: 'PEM certificate that is shown to the HTTPS service of a rule.',
  },
  remote_ssl_client_key_file: {
    kind: 'text',
    default: null,
    meaning: 'PEM key of remote_ssl_client_crt_file.',
  },
} as const satisfies { readonly [key: string]: Setting };

/** In the section DEFAULT, where operators know them. */
export const SERVICE_ROLE_SETTINGS = {
  rbac_service_role_elevated_access: {
    kind: 'flag',
    default: false,
    meaning:
      'Whether accounts with the role "service" in the project rbac_service_project_name work for the whole system.',
  },
  rbac_service_project_name: {
    kind: 'text',
    default: 'service',
    meaning: 'Name of the project of service accounts.',
  },
} as const satisfies { readonly [key: string]: Setting };
