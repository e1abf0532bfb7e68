// The caller and the object that an explanation is about.

import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Settings } from '#config/schema';
import { type Credentials, makeCredentials, systemAdministrator } from '#policy/credentials';
import type { PolicyTarget } from '#policy/policy';
import { findNode } from '#store/nodes';

import { UsageInvalid, withData } from '../command.ts';
import type { PolicyValues } from './rules-in-force.ts';

export type CallerValues = PolicyValues & {
  readonly user?: string | undefined;
  readonly roles?: string | undefined;
  readonly project?: string | undefined;
  readonly system: boolean;
  readonly node?: string | undefined;
  readonly target: readonly string[];
};

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** Throws UsageInvalid. */
export const callerOf = async (values: CallerValues, settings: Settings): Promise<Credentials> => {
  const { user, roles, project, system } = values;
  if (roles !== undefined) {
    if (system && project !== undefined) {
      throw new UsageInvalid('a caller has --project or --system, not both');
    }
    return makeCredentials({
      user_id: user ?? null,
      roles: listOf(roles),
      system_scope: system ? 'all' : null,
      ...(project === undefined
        ? {}
        : { project_id: project, project_name: project, project_domain_id: 'default' }),
    });
  }
  if (user === undefined) throw new UsageInvalid('expected --user U or --roles A,B');
  return userOf(user, values, settings);
};

const userOf = async (
  user: string,
  values: CallerValues,
  settings: Settings,
): Promise<Credentials> => {
  const { auth_strategy: strategy, http_basic_users_file: ownUsers } = settings.DEFAULT;
  if (strategy === 'none' || strategy === 'noauth') return systemAdministrator(user);
  if (strategy === 'keystone') {
    throw new UsageInvalid(
      'Keystone knows what users may do; give what "openstack token issue" and "role assignment list" say by --roles',
    );
  }
  if (values.data === undefined && ownUsers === null) {
    throw new UsageInvalid('--user needs --data DIR, where the users file is');
  }
  const path = ownUsers ?? join(values.data ?? '.', 'users.yaml');
  const { credentialsOf, parseUsers, UsersInvalid } = await import('#api/auth/users');
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  // As the service itself has it.
  if (!isThere && ownUsers === null) return systemAdministrator(user);
  try {
    const users = parseUsers(await readFile(path, 'utf8'), path);
    if (!users.has(user)) {
      throw new UsageInvalid(
        `${path} does not have a user "${user}", who then has no roles; it has ${[...users.keys()].join(', ')}`,
      );
    }
    return credentialsOf(user, users.get(user));
  } catch (error) {
    if (error instanceof UsersInvalid) throw new UsageInvalid(error.message);
    throw error;
  }
};

/** Undefined: no object was named. Throws UsageInvalid. */
export const objectOf = async (values: CallerValues): Promise<PolicyTarget | undefined> => {
  const target: { [key: string]: string | null } = {};
  if (values.node !== undefined) Object.assign(target, await nodeOf(values, values.node));
  for (const each of values.target) {
    const equals = each.indexOf('=');
    if (equals < 1) throw new UsageInvalid(`--target ${each}: expected KEY=VALUE`);
    target[each.slice(0, equals)] = each.slice(equals + 1);
  }
  return Object.keys(target).length === 0 ? undefined : target;
};

const nodeOf = (values: CallerValues, ident: string): Promise<PolicyTarget> =>
  withData(values, async ({ store }) => {
    const node = await findNode(store.db, ident);
    if (node === undefined) throw new UsageInvalid(`there is no node ${ident}`);
    return { 'node.owner': node.owner, 'node.lessee': node.lessee };
  });
