// Mode `keystone`, from the keys of [keystone_authtoken].

import { readFile, stat } from 'node:fs/promises';

import { authenticateKeystone } from '#api/auth/keystone/authenticate-keystone';
import { makeKeystoneClient } from '#api/auth/keystone/keystone-client';
import type { KeystoneAccount } from '#api/auth/keystone/login';
import { DEFAULT_TOKEN_CACHE, makeTokenCache } from '#api/auth/keystone/token-cache';
import type { Authenticate } from '#api/authenticate';
import type { Clock } from '#clock';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import type { Log } from '#observe/log';
import { Secret } from '#trust/secret';

type KeystoneSettings = Settings['keystone_authtoken'];
type Parts = { readonly clock: Clock; readonly log: Log };

const SECTION = 'keystone_authtoken';
const SECOND_MS = 1_000;
const OTHERS_MASK = 0o007;

const urlIn = (key: string, text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || /["\s]/.test(text)) {
    throw new ConfigInvalid(`${SECTION}.${key} is not an http or https URL`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigInvalid(`${SECTION}.${key} holds a user or password; there are keys for them`);
  }
  return text;
};

const readConfigured = (key: string, path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigInvalid(`${SECTION}.${key}: ${path} cannot be read: ${error.message}`);
  });

/** From the file, read again each time, or as it stands in the configuration. */
const secretSource = async (
  key: 'password' | 'application_credential_secret',
  settings: KeystoneSettings,
  log: Log,
): Promise<() => Promise<Secret<string>>> => {
  const fileKey = `${key}_file` as const;
  const given = settings[key];
  const path = settings[fileKey];
  if (path === null) {
    if (given === null) throw new ConfigInvalid(`${SECTION}.${fileKey} or ${key} is needed`);
    const secret = new Secret(given);
    return async () => secret;
  }
  if (given !== null) {
    throw new ConfigInvalid(`${SECTION}.${fileKey} and ${key} are both set; set one`);
  }
  const read = async (): Promise<Secret<string>> =>
    new Secret((await readConfigured(fileKey, path)).trimEnd());
  await read();
  if (((await stat(path)).mode & OTHERS_MASK) !== 0) {
    log.warn(`${SECTION}.${fileKey}: every user of this machine can use ${path}; chmod o= it`);
  }
  return read;
};

const accountIn = async (settings: KeystoneSettings, log: Log): Promise<KeystoneAccount> => {
  if (settings.auth_type === 'v3applicationcredential') {
    const id = settings.application_credential_id;
    if (id === null) throw new ConfigInvalid(`${SECTION}.application_credential_id is needed`);
    const secret = await secretSource('application_credential_secret', settings, log);
    return { kind: 'application-credential', id, secret };
  }
  return {
    kind: 'password',
    username: settings.username,
    userDomainName: settings.user_domain_name,
    scope:
      settings.system_scope === null
        ? {
            kind: 'project',
            name: settings.project_name,
            domainName: settings.project_domain_name,
          }
        : { kind: 'system' },
    secret: await secretSource('password', settings, log),
  };
};

/** Throws ConfigInvalid. That Keystone is away is none: it may come back before it is needed. */
export const openKeystoneAuthentication = async (
  settings: KeystoneSettings,
  { clock, log }: Parts,
): Promise<{ readonly authenticate: Authenticate; readonly close: () => Promise<void> }> => {
  if (settings.auth_url === null) {
    throw new ConfigInvalid(`${SECTION}.auth_url is needed with DEFAULT.auth_strategy keystone`);
  }
  const authUrl = urlIn('auth_url', settings.auth_url);
  const publicUrl = urlIn('www_authenticate_uri', settings.www_authenticate_uri ?? authUrl);
  const keystone = makeKeystoneClient(
    {
      authUrl,
      account: await accountIn(settings, log),
      authorityPem:
        settings.cafile === null ? undefined : await readConfigured('cafile', settings.cafile),
      timeoutMs: settings.http_connect_timeout * SECOND_MS,
    },
    clock,
  );
  // Not waited for. A wrong account is better told now than to the first user.
  keystone.login().catch((error: unknown) => {
    log.error(
      { reason: error instanceof Error ? error.message : String(error) },
      'this service cannot log in to Keystone; until it can, requests are answered 503',
    );
  });
  const options = { ...DEFAULT_TOKEN_CACHE, goodMs: settings.token_cache_time * SECOND_MS };
  return {
    authenticate: authenticateKeystone({
      keystone,
      cache: makeTokenCache(options, clock),
      publicUrl,
      serviceRoles: settings.service_token_roles,
      isServiceRoleRequired: settings.service_token_roles_required,
      clock,
      log,
    }),
    close: keystone.close,
  };
};
