// Users of mode `basic`, made by the command that operators have.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { BESSEMER } from './service.ts';

/** Of all of them. */
export const ACCOUNT_PASSWORD = 'correct horse';

/** `bessemer user ...` at the data of the service in `directory`. */
export const manageAccounts = async (
  directory: string,
  ...args: readonly string[]
): Promise<void> => {
  const data = join(directory, 'data');
  const child = spawn(BESSEMER, ['user', ...args, '--data', data], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin?.end(`${ACCOUNT_PASSWORD}\n`);
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, args.join(' '));
};

/** What `openstack` needs to log in as `name`. */
export const accountEnvironment = (
  url: string,
  name: string,
): { readonly [variable: string]: string } => ({
  OS_AUTH_TYPE: 'http_basic',
  OS_USERNAME: name,
  OS_PASSWORD: ACCOUNT_PASSWORD,
  OS_ENDPOINT: url,
});
