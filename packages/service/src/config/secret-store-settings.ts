// Where passwords of BMCs lie: what [bmc_credentials] says about it, [vault] and [barbican]. Secrets to log in with are in
// files of their own.

import type { Setting } from './setting.ts';

const DAY_SECONDS = 86_400;

export const SECRET_STORE_SETTINGS = {
  store: {
    kind: 'text',
    default: 'embedded',
    choices: ['embedded', 'vault', 'barbican'],
    meaning:
      'Where passwords of BMCs lie: sealed in the database of the service, in Vault or OpenBao, or in Barbican. Before ' +
      'it is changed, "bessemer secret migrate" moves them.',
  },
  store_check_interval: {
    kind: 'count',
    unit: 'seconds',
    default: 30,
    min: 1,
    max: 3_600,
    meaning: 'How often the service looks whether the secret store answers, and tells when not.',
  },
  cache_ttl: {
    kind: 'count',
    unit: 'seconds',
    default: 900,
    max: DAY_SECONDS,
    meaning:
      'How long a password that was read is used again without asking the store; 0: none is kept.',
  },
  cache_grace: {
    kind: 'count',
    unit: 'seconds',
    default: 14_400,
    max: 7 * DAY_SECONDS,
    meaning:
      'How long after cache_ttl a password that was read is used while the store is away, sealed or refuses the service.',
  },
} as const satisfies { readonly [key: string]: Setting };

const TIMEOUT = {
  kind: 'count',
  unit: 'seconds',
  default: 10,
  min: 1,
  max: 120,
} as const satisfies Omit<Setting, 'meaning'>;

export const VAULT_SETTINGS = {
  url: {
    kind: 'text',
    default: null,
    meaning:
      'URL of Vault or OpenBao, https or on loopback. Needed with bmc_credentials.store vault.',
  },
  mount: {
    kind: 'text',
    default: 'secret',
    meaning: 'Where its key-value engine, version 2, is mounted.',
  },
  prefix: {
    kind: 'text',
    default: 'bessemer',
    meaning: 'Path below the mount that everything of this service lies in.',
  },
  namespace: { kind: 'text', default: null, meaning: 'Namespace that the service logs in to.' },
  auth_mount: {
    kind: 'text',
    default: 'approle',
    meaning: 'Where its AppRole method is mounted.',
  },
  role_id: { kind: 'text', default: null, meaning: 'Id of the AppRole of the service.' },
  secret_id_file: {
    kind: 'text',
    default: null,
    meaning:
      'File with the secret id of role_id and nothing else, which no other user can read. Read again at each login.',
  },
  token_file: {
    kind: 'text',
    default: null,
    meaning:
      'File with a token, instead of role_id: an agent of Vault may keep it fresh there. Read again when it is refused.',
  },
  ca_file: {
    kind: 'text',
    default: null,
    meaning: 'PEM authority of Vault; those of the system when not set.',
  },
  timeout: { ...TIMEOUT, meaning: 'How long Vault may take for one answer.' },
} as const satisfies { readonly [key: string]: Setting };

export const BARBICAN_SETTINGS = {
  url: {
    kind: 'text',
    default: null,
    meaning:
      'URL of Barbican without /v1, https or on loopback. Needed with bmc_credentials.store barbican.',
  },
  auth_url: {
    kind: 'text',
    default: null,
    meaning: 'URL of Keystone, with or without /v3, https or on loopback.',
  },
  application_credential_id: {
    kind: 'text',
    default: null,
    meaning: 'Id of an application credential with the role creator in the project of the secrets.',
  },
  application_credential_secret_file: {
    kind: 'text',
    default: null,
    meaning:
      'File with its secret and nothing else, which no other user can read. Read again at each login.',
  },
  ca_file: {
    kind: 'text',
    default: null,
    meaning: 'PEM authority of Barbican and Keystone; those of the system when not set.',
  },
  timeout: { ...TIMEOUT, meaning: 'How long Barbican or Keystone may take for one answer.' },
} as const satisfies { readonly [key: string]: Setting };
