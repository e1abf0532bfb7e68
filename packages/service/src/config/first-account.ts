// The account `admin`, made at first start with a random password, and the clouds.yaml that the openstack client
// uses as it is.

import { randomBytes } from 'node:crypto';
import { access, readFile, rename, writeFile } from 'node:fs/promises';

import type { DataDirectory } from './data-directory.ts';

const PASSWORD_BYTES = 24;
/** The password has 192 random bits: no work factor could make it harder to guess, only the start slower. */
const WORK_FACTOR = 4;
const PRIVATE = { mode: 0o600 };

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Undefined when the accounts are the operator's own and we know no password. */
export const ensureAdminAccount = async (data: DataDirectory): Promise<string | undefined> => {
  if (await exists(data.htpasswd)) {
    return (await exists(data.adminPassword))
      ? (await readFile(data.adminPassword, 'utf8')).trim()
      : undefined;
  }
  const { hash } = await import('bcryptjs');
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const digest = await hash(password, WORK_FACTOR);
  await replace(data.adminPassword, `${password}\n`);
  await replace(data.htpasswd, `admin:${digest}\n`);
  return password;
};

export type CloudFacts = {
  readonly endpoint: string;
  /** Undefined in mode `none`. */
  readonly password: string | undefined;
  /** Path of the certificate that signs the endpoint's, when it is HTTPS by our own authority. */
  readonly authorityPath: string | undefined;
};

export const writeClouds = async (data: DataDirectory, facts: CloudFacts): Promise<void> => {
  const cacert =
    facts.authorityPath === undefined ? '' : `    cacert: ${JSON.stringify(facts.authorityPath)}\n`;
  const endpoint = JSON.stringify(facts.endpoint);
  const login =
    facts.password === undefined
      ? `    auth_type: none\n    endpoint: ${endpoint}\n    auth: {endpoint: ${endpoint}}\n`
      : `    auth_type: http_basic\n    auth:\n      endpoint: ${endpoint}\n      username: admin\n      password: ${JSON.stringify(facts.password)}\n`;
  await replace(data.clouds, `clouds:\n  bessemer:\n${login}${cacert}`);
};

/** Written whole or not at all: a reader never sees half a file. */
const replace = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.new`, text, PRIVATE);
  await rename(`${path}.new`, path);
};
