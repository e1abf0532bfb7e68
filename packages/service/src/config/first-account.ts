// The account `admin`, made at first start with a random password, and the clouds.yaml that the openstack client
// uses as it is.

import { randomBytes } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';

import type { DataDirectory } from './data-directory.ts';
import { replaceFile } from './replace-file.ts';

const PASSWORD_BYTES = 24;
/** The password has 192 random bits: no work factor could make it harder to guess, only the start slower. */
const WORK_FACTOR = 4;

const USERS_TEXT = `# What the users of htpasswd may do; who is not listed here has no roles. Changes count at once.
#   roles    admin, manager, member, reader, service, or names that your policy file knows
#   system   all: the roles count for everything
#   project  {id: ..., name: ..., domain: ...}: they count for nodes whose owner or lessee is this id
users:
  admin:
    roles: [admin]
    system: all
`;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Undefined when the accounts are the operator's own and we know no password. */
export const ensureAdminAccount = async (data: DataDirectory): Promise<string | undefined> => {
  // Also beside an htpasswd that is already there: without a users file everybody in it would be an administrator.
  if (!(await exists(data.users))) await replaceFile(data.users, USERS_TEXT);
  if (await exists(data.htpasswd)) {
    return (await exists(data.adminPassword))
      ? (await readFile(data.adminPassword, 'utf8')).trim()
      : undefined;
  }
  const { hash } = await import('bcryptjs');
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const digest = await hash(password, WORK_FACTOR);
  await replaceFile(data.adminPassword, `${password}\n`);
  await replaceFile(data.htpasswd, `admin:${digest}\n`);
  return password;
};

export type CloudFacts = {
  readonly endpoint: string;
  /** Of the account `admin`; null in mode `none`. */
  readonly password: string | null;
  /** Path of the certificate that signs the endpoint's, when it is HTTPS by our own authority. */
  readonly authorityPath: string | undefined;
};

export const writeClouds = async (data: DataDirectory, facts: CloudFacts): Promise<void> => {
  const cacert =
    facts.authorityPath === undefined ? '' : `    cacert: ${JSON.stringify(facts.authorityPath)}\n`;
  const endpoint = JSON.stringify(facts.endpoint);
  const login =
    facts.password === null
      ? `    auth_type: none\n    endpoint: ${endpoint}\n    auth: {endpoint: ${endpoint}}\n`
      : `    auth_type: http_basic\n    auth:\n      endpoint: ${endpoint}\n      username: admin\n      password: ${JSON.stringify(facts.password)}\n`;
  await replaceFile(data.clouds, `clouds:\n  bessemer:\n${login}${cacert}`);
};
