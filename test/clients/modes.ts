// One service in one of the three authentication modes, and what clients need to reach it as its administrator.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parse } from 'yaml';

import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from '../harness/service.ts';
import { passwordOf } from '../keystone/people.ts';
import { type Keystone, startKeystone } from '../keystone/start-keystone.ts';
import type { Environment } from './openstack-host.ts';

export const MODES = ['none', 'basic', 'keystone'] as const;
export type Mode = (typeof MODES)[number];

export type ServiceInMode = {
  readonly mode: Mode;
  readonly service: RunningService;
  /** Variables for `openstack` and for openstacksdk. */
  readonly environment: Environment;
  /** For `openstack` that has logged in before: with the token that it got then, where there are tokens. */
  readonly loggedIn: Environment;
  /** The same account for calls without a client. */
  readonly headers: { readonly [name: string]: string };
  /** Undefined in the other modes. */
  readonly keystone: Keystone | undefined;
  readonly stop: () => Promise<void>;
};

type Started = Omit<ServiceInMode, 'mode' | 'stop'>;

type Start = (directory: string, settings: readonly string[]) => Promise<Started>;

const startNone: Start = async (directory, settings) => {
  const service = await startService({ directory, args: ['--auth', 'none'], settings });
  const environment = { OS_AUTH_TYPE: 'none', OS_ENDPOINT: service.url };
  return { service, environment, loggedIn: environment, headers: {}, keystone: undefined };
};

const startBasic: Start = async (directory, settings) => {
  const service = await startService({ directory, settings });
  const file = join(directory, 'data', 'clouds.yaml');
  const { username, password } = parse(await readFile(file, 'utf8')).clouds.bessemer.auth;
  const account = Buffer.from(`${username}:${password}`).toString('base64');
  const environment = { OS_CLIENT_CONFIG_FILE: file, OS_CLOUD: 'bessemer' };
  return {
    service,
    environment,
    loggedIn: environment,
    headers: { authorization: `Basic ${account}` },
    keystone: undefined,
  };
};

const PERSON = 'system_admin';

const startWithKeystone: Start = async (directory, settings) => {
  const keystone = await startKeystone();
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, `${passwordOf('ironic')}\n`, { mode: 0o600 });
  const service = await startService({
    directory,
    settings: [...keystone.settings(passwordFile), ...settings],
  });
  await keystone.registerBaremetal(service.url);
  const { token } = await keystone.login(PERSON);
  return {
    service,
    environment: keystone.environmentOf(PERSON),
    loggedIn: { OS_AUTH_TYPE: 'admin_token', OS_ENDPOINT: service.url, OS_TOKEN: token },
    headers: { 'x-auth-token': token },
    keystone,
  };
};

const START: { readonly [mode in Mode]: Start } = {
  none: startNone,
  basic: startBasic,
  keystone: startWithKeystone,
};

export const startInMode = async (
  mode: Mode,
  settings: readonly string[] = [],
): Promise<ServiceInMode> => {
  const directory = await makeDirectory();
  const started = await START[mode](directory, settings);
  return {
    mode,
    ...started,
    stop: async () => {
      await started.service.stop();
      await started.keystone?.stop();
      await removeDirectory(directory);
    },
  };
};
