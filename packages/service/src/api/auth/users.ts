// users.yaml: what the users of the htpasswd file may do. Each has roles in exactly one scope: the whole system, or a
// project, or neither yet. Who is not in the file has no roles at all.
//
//   users:
//     admin: {roles: [admin], system: all}
//     alice: {roles: [member], project: {id: p1, name: rack-7, domain: default}}

import { parse } from 'yaml';

import { type Credentials, makeCredentials, systemAdministrator } from '#policy/credentials';

import { openReloadedFile } from './reloaded-file.ts';

/** A users file that cannot be used; the text names file, user and key. */
export class UsersInvalid extends Error {}

export type ProjectOfUser = {
  /** What owners and lessees of nodes are compared with. */
  readonly id: string;
  readonly name: string;
  readonly domain: string;
};

export type UserEntry = {
  readonly roles: readonly string[];
  readonly system: boolean;
  readonly project: ProjectOfUser | undefined;
};

export type Users = {
  /** Of any user that has logged in; without roles when the file does not have them. */
  readonly credentialsOf: (user: string) => Credentials;
  /** Undefined when nothing is said about `user`. */
  readonly find: (user: string) => UserEntry | undefined;
  readonly generation: () => string;
};

/** Where accounts and projects live that name no domain of their own, as in Keystone. */
export const DEFAULT_DOMAIN = 'default';
/** As long as owners of nodes and names in Keystone. */
const NAME_CHARS_MAX = 255;
const ROLES_MAX = 100;

type Mapping = { readonly [key: string]: unknown };

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const nameIn = (value: unknown, what: string): string => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && text !== '' && text.length <= NAME_CHARS_MAX) return text;
  throw new UsersInvalid(`${what} must be a text of 1 to ${NAME_CHARS_MAX} characters`);
};

const refuseOtherKeys = (mapping: Mapping, known: readonly string[], what: string): void => {
  const other = Object.keys(mapping).find((key) => !known.includes(key));
  if (other === undefined) return;
  throw new UsersInvalid(`${what} has the key "${other}"; there are ${known.join(', ')}`);
};

const rolesIn = (value: unknown, what: string): readonly string[] => {
  if (!Array.isArray(value) || value.length > ROLES_MAX) {
    throw new UsersInvalid(`${what} must be a list of names, such as [member]`);
  }
  return value.map((each) => nameIn(each, `each of ${what}`));
};

const projectIn = (value: unknown, what: string): ProjectOfUser => {
  if (!isMapping(value)) {
    const id = nameIn(value, what);
    return { id, name: id, domain: DEFAULT_DOMAIN };
  }
  refuseOtherKeys(value, ['id', 'name', 'domain'], what);
  const id = nameIn(value['id'], `${what}: id`);
  return {
    id,
    name: value['name'] === undefined ? id : nameIn(value['name'], `${what}: name`),
    domain:
      value['domain'] === undefined ? DEFAULT_DOMAIN : nameIn(value['domain'], `${what}: domain`),
  };
};

const entryIn = (value: unknown, what: string): UserEntry => {
  if (!isMapping(value)) throw new UsersInvalid(`${what} must have roles, and system or project`);
  refuseOtherKeys(value, ['roles', 'system', 'project'], what);
  const { roles, system, project } = value;
  if (system !== undefined && system !== 'all') {
    throw new UsersInvalid(`${what}: system can only be "all"; leave it out otherwise`);
  }
  if (system !== undefined && project !== undefined) {
    // The roles would count in both: a member of a project would be one of the whole system.
    throw new UsersInvalid(`${what} has system and project; make one user for each`);
  }
  return {
    roles: rolesIn(roles ?? [], `${what}: roles`),
    system: system === 'all',
    project: project === undefined ? undefined : projectIn(project, `${what}: project`),
  };
};

/** Throws UsersInvalid. */
export const parseUsers = (text: string, path: string): ReadonlyMap<string, UserEntry> => {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new UsersInvalid(`${path} is not YAML: ${(error as Error).message}`);
  }
  if (!isMapping(document) || !isMapping(document['users'] ?? {})) {
    throw new UsersInvalid(`${path} must hold "users:" with a mapping from names to entries`);
  }
  refuseOtherKeys(document, ['users'], path);
  const users = (document['users'] ?? {}) as Mapping;
  return new Map(
    Object.entries(users).map(([name, entry]) => [name, entryIn(entry, `${path}: user "${name}"`)]),
  );
};

const WITHOUT_ROLES: UserEntry = { roles: [], system: false, project: undefined };

/** What the policy is told about a user with this entry. */
export const credentialsOf = (
  user: string,
  { roles, system, project }: UserEntry = WITHOUT_ROLES,
): Credentials =>
  makeCredentials({
    user_id: user,
    user_domain_id: DEFAULT_DOMAIN,
    roles,
    system_scope: system ? 'all' : null,
    ...(project === undefined
      ? {}
      : {
          project_id: project.id,
          project_name: project.name,
          project_domain_id: project.domain,
        }),
  });

/** Reads the file once now, so that a bad one stops the start. A bad change later keeps the last good content. */
export const openUsers = (path: string, warn: (text: string) => void): Users => {
  const file = openReloadedFile(path, parseUsers, warn);
  return {
    credentialsOf: (user) => credentialsOf(user, file.content().get(user)),
    find: (user) => file.content().get(user),
    generation: file.generation,
  };
};

/** As the original service has it, for an htpasswd file that comes without a users file. */
export const EVERYBODY_ADMINISTERS: Users = {
  credentialsOf: systemAdministrator,
  find: () => ({ roles: ['admin'], system: true, project: undefined }),
  generation: () => '',
};
