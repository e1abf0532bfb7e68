// Who may use the public API, as the operator set it up.

import { access } from 'node:fs/promises';

import type { Authenticate } from '#api/authenticate';
import type { Clock } from '#clock';
import type { DataDirectory } from '#config/data-directory';
import { isLoopback } from '#config/endpoint';
import { ensureAdminAccount } from '#config/first-account';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import type { Log } from '#observe/log';

export type Authentication = {
  readonly authenticate: Authenticate;
  /** For the clouds.yaml of the first account: null without login, undefined when we know no account. */
  readonly password: string | null | undefined;
  readonly close: () => Promise<void>;
};

type Parts = {
  readonly data: DataDirectory;
  /** Of the public listener. */
  readonly host: string;
  readonly clock: Clock;
  readonly log: Log;
};

/** Names in one line of the log; who has more reads the file. */
const NAMES_MAX = 10;

const nothingToClose = async (): Promise<void> => undefined;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const openNone = async ({ host, log }: Parts): Promise<Authentication> => {
  if (!isLoopback(host)) {
    throw new ConfigInvalid(
      `DEFAULT.auth_strategy none is accepted on loopback only, and api.listen is on ${host}`,
    );
  }
  log.warn('DEFAULT.auth_strategy is none: every user of this machine may do everything');
  const { authenticateNobody } = await import('#api/auth/none');
  return { authenticate: authenticateNobody, password: null, close: nothingToClose };
};

const openBasic = async (
  { http_basic_auth_user_file: own, http_basic_users_file: ownUsers }: Settings['DEFAULT'],
  { data, clock, log }: Parts,
): Promise<Authentication> => {
  const [{ authenticateBasic }, { openHtpasswd }, { EVERYBODY_ADMINISTERS, openUsers }] =
    await Promise.all([
      import('#api/auth/basic'),
      import('#api/auth/htpasswd'),
      import('#api/auth/users'),
    ]);
  const password = own === null ? await ensureAdminAccount(data) : undefined;
  const warn = (text: string): void => log.warn(text);
  const htpasswdPath = own ?? data.htpasswd;
  const usersPath = ownUsers ?? data.users;
  const open = <T>(openFile: () => T): T => {
    try {
      return openFile();
    } catch (error) {
      throw new ConfigInvalid((error as Error).message);
    }
  };
  const htpasswd = open(() => openHtpasswd(htpasswdPath, warn));
  if (ownUsers === null && !(await exists(data.users))) {
    log.warn(
      `every user of ${htpasswdPath} administers everything, since there is no ${data.users}; "bessemer user set" makes it`,
    );
    const parts = { htpasswd, users: EVERYBODY_ADMINISTERS };
    return { authenticate: authenticateBasic(parts, clock), password, close: nothingToClose };
  }
  const users = open(() => openUsers(usersPath, warn));
  const unknown = htpasswd.users().filter((user) => users.find(user) === undefined);
  if (unknown.length > 0) {
    log.warn(
      { users: unknown.slice(0, NAMES_MAX), count: unknown.length },
      `users of ${htpasswdPath} that are not in ${usersPath} have no roles and may do nothing`,
    );
  }
  const authenticate = authenticateBasic({ htpasswd, users }, clock);
  return { authenticate, password, close: nothingToClose };
};

/** Throws ConfigInvalid. */
export const openAuthentication = async (
  settings: Settings,
  parts: Parts,
): Promise<Authentication> => {
  const strategy = settings.DEFAULT.auth_strategy;
  if (strategy === 'none' || strategy === 'noauth') return openNone(parts);
  if (strategy !== 'keystone') return openBasic(settings.DEFAULT, parts);
  const { openKeystoneAuthentication } = await import('./open-keystone.ts');
  const opened = await openKeystoneAuthentication(settings.keystone_authtoken, parts);
  return { ...opened, password: undefined };
};
