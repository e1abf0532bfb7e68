// Section [keystone_authtoken]: how tokens of Keystone are validated, in the words of its middleware.

import type { Setting } from './setting.ts';

export const KEYSTONE_SETTINGS = {
  auth_url: {
    kind: 'text',
    default: null,
    meaning: 'URL of Keystone, with or without /v3. Needed with auth_strategy keystone.',
  },
  www_authenticate_uri: {
    kind: 'text',
    default: null,
    meaning: 'URL of Keystone that clients without a token are told; auth_url when not set.',
  },
  auth_type: {
    kind: 'text',
    default: 'password',
    choices: ['password', 'v3password', 'v3applicationcredential'],
    meaning: 'How the service itself logs in, to be allowed to validate tokens.',
  },
  username: {
    kind: 'text',
    default: 'ironic',
    meaning: 'User of the service; it needs the role service or admin, or reader on the system.',
  },
  password: {
    kind: 'text',
    default: null,
    isSecret: true,
    meaning: 'Password of the user, where it is not in password_file.',
  },
  password_file: {
    kind: 'text',
    default: null,
    meaning:
      'File with the password and nothing else, which only the service can read. Read again at each login.',
  },
  user_domain_name: { kind: 'text', default: 'Default', meaning: 'Domain of the user.' },
  project_name: { kind: 'text', default: 'service', meaning: 'Project of the user.' },
  project_domain_name: { kind: 'text', default: 'Default', meaning: 'Domain of the project.' },
  system_scope: {
    kind: 'text',
    default: null,
    choices: ['all'],
    meaning: 'Log in to the whole system instead of a project.',
  },
  application_credential_id: {
    kind: 'text',
    default: null,
    meaning: 'With auth_type v3applicationcredential: its id.',
  },
  application_credential_secret: {
    kind: 'text',
    default: null,
    isSecret: true,
    meaning: 'Its secret, where it is not in application_credential_secret_file.',
  },
  application_credential_secret_file: {
    kind: 'text',
    default: null,
    meaning: 'File with its secret and nothing else.',
  },
  cafile: {
    kind: 'text',
    default: null,
    meaning: 'PEM authority of Keystone; those of the system when not set.',
  },
  region_name: {
    kind: 'text',
    default: null,
    meaning: 'Accepted and without effect: tokens are validated at auth_url.',
  },
  http_connect_timeout: {
    kind: 'count',
    unit: 'seconds',
    default: 10,
    min: 1,
    max: 60,
    meaning: 'How long Keystone may take for one answer; later is 503.',
  },
  token_cache_time: {
    kind: 'count',
    unit: 'seconds',
    default: 300,
    min: 0,
    max: 3_600,
    meaning:
      'How long a validated token is believed without asking again: so long a revoked one works on.',
  },
  service_token_roles: {
    kind: 'list',
    default: ['service'],
    meaning: 'Roles of which a service token must have one to let an expired token of a user pass.',
  },
  service_token_roles_required: {
    kind: 'flag',
    default: true,
    meaning:
      'Refuse requests whose service token has none of service_token_roles. Off: any valid token is a service token.',
  },
} as const satisfies { readonly [key: string]: Setting };
