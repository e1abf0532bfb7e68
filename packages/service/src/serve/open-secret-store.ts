// The secret store that the configuration names. That it is away, sealed or refuses the service stops nobody from opening
// it: `health` says so.

import { readFile } from 'node:fs/promises';

import type { Clock } from '#clock';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import type { Store } from '#store/database';
import type { KeyRing } from '#trust/key-ring';
import type { SecretStore, SecretStoreKind } from '#trust/secret-store/secret-store';
import type { VaultLogin } from '#trust/secret-store/vault-token';

import { openEmbeddedSecrets } from './embedded-secrets.ts';
import { openSecretFile } from './secret-file.ts';
import type { ExchangeOptions } from './secret-store-exchange.ts';

export type SecretStoreSettings = Pick<Settings, 'bmc_credentials' | 'vault' | 'barbican'>;

export type SecretStoreParts = {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly clock: Clock;
};

const SECOND_MS = 1_000;
/** Of mounts, prefixes and namespaces: what is the same in a path and in an URL. */
const PATH_PATTERN = /^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/;

const needed = (key: string, value: string | null): string => {
  if (value === null) throw new ConfigInvalid(`${key} is needed with that bmc_credentials.store`);
  return value;
};

const pathIn = (key: string, value: string): string => {
  const isRight = PATH_PATTERN.test(value) && !value.split('/').some((each) => /^\.+$/.test(each));
  if (!isRight) throw new ConfigInvalid(`${key}: "${value}" is not a path of names and slashes`);
  return value;
};

const authorityIn = async (key: string, path: string | null): Promise<string | undefined> => {
  if (path === null) return undefined;
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigInvalid(`${key}: ${path} cannot be read: ${error.message}`);
  });
};

const reach = async (key: string, options: ExchangeOptions) => {
  const { makeExchange } = await import('./secret-store-exchange.ts');
  try {
    return makeExchange(options);
  } catch (error) {
    throw new ConfigInvalid(`${key}: ${(error as Error).message}`);
  }
};

const vaultLogin = async (vault: Settings['vault']): Promise<VaultLogin> => {
  if (vault.token_file !== null) {
    if (vault.role_id !== null) {
      throw new ConfigInvalid('vault.token_file and vault.role_id are both set; set one');
    }
    return { kind: 'token', token: await openSecretFile('vault.token_file', vault.token_file) };
  }
  return {
    kind: 'approle',
    mount: pathIn('vault.auth_mount', vault.auth_mount),
    roleId: needed('vault.role_id', vault.role_id),
    secretId: await openSecretFile('vault.secret_id_file', vault.secret_id_file),
  };
};

const openVault = async (
  { vault }: SecretStoreSettings,
  { clock }: SecretStoreParts,
): Promise<SecretStore> => {
  const { makeVaultSecretStore } = await import('#trust/secret-store/vault');
  const options = {
    mount: pathIn('vault.mount', vault.mount),
    prefix: pathIn('vault.prefix', vault.prefix),
    namespace: vault.namespace === null ? undefined : pathIn('vault.namespace', vault.namespace),
    login: await vaultLogin(vault),
  };
  const { ask, close } = await reach('vault.url', {
    name: 'Vault',
    url: needed('vault.url', vault.url),
    authorityPem: await authorityIn('vault.ca_file', vault.ca_file),
    timeoutMs: vault.timeout * SECOND_MS,
  });
  return makeVaultSecretStore(options, { exchange: ask, clock, close });
};

const openBarbican = async (
  { barbican }: SecretStoreSettings,
  { clock }: SecretStoreParts,
): Promise<SecretStore> => {
  const [{ makeBarbicanSecretStore }, { makeBarbicanTokens }] = await Promise.all([
    import('#trust/secret-store/barbican'),
    import('./barbican-tokens.ts'),
  ]);
  const file = barbican.application_credential_secret_file;
  const account = {
    kind: 'application-credential',
    id: needed('barbican.application_credential_id', barbican.application_credential_id),
    secret: await openSecretFile('barbican.application_credential_secret_file', file),
  } as const;
  const common = {
    authorityPem: await authorityIn('barbican.ca_file', barbican.ca_file),
    timeoutMs: barbican.timeout * SECOND_MS,
  };
  const keystone = await reach('barbican.auth_url', {
    ...common,
    name: 'Keystone',
    url: needed('barbican.auth_url', barbican.auth_url).replace(/\/v3\/?$/, ''),
  });
  const { ask, close } = await reach('barbican.url', {
    ...common,
    name: 'Barbican',
    url: needed('barbican.url', barbican.url).replace(/\/v1\/?$/, ''),
  });
  return makeBarbicanSecretStore({
    exchange: ask,
    tokens: makeBarbicanTokens(keystone.ask, account, clock),
    close: async () => {
      await Promise.all([close(), keystone.close()]);
    },
  });
};

/** `kind`: another one than the service uses, to move from or to. Throws ConfigInvalid. */
export const openSecretStore = async (
  settings: SecretStoreSettings,
  parts: SecretStoreParts,
  kind: SecretStoreKind = settings.bmc_credentials.store as SecretStoreKind,
): Promise<SecretStore> => {
  switch (kind) {
    case 'embedded':
      return openEmbeddedSecrets(parts.store, parts.keys, parts.clock);
    case 'vault':
      return openVault(settings, parts);
    case 'barbican':
      return openBarbican(settings, parts);
  }
};
