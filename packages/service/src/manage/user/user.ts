// `bessemer user add|list|remove|set`: the accounts of mode `basic`. A running service sees a change at its next request.

import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { HtpasswdInvalid, parseHtpasswd } from '#api/auth/htpasswd';
import { DEFAULT_DOMAIN, parseUsers, type UserEntry, UsersInvalid } from '#api/auth/users';
import { openDataDirectory } from '#config/data-directory';
import { loadConfig } from '#config/load';
import { replaceFile } from '#config/replace-file';

import {
  type Command,
  DATA_OPTIONS,
  DATA_OPTIONS_HELP,
  type Print,
  UsageInvalid,
} from '../command.ts';
import {
  checkName,
  hasDigest,
  withDigest,
  withEntries,
  withoutDigest,
  withoutEntry,
} from './account-files.ts';
import { askPassword } from './password-input.ts';

export const USER_USAGE = `usage: bessemer user add NAME --data DIR --role ROLE... (--system | --project ID)
       bessemer user set NAME --data DIR [--role ROLE...] [--system | --project ID] [--password]
       bessemer user list --data DIR [--json]
       bessemer user remove NAME --data DIR

add      makes a user who logs in with a name and a password. The password is asked for, or read from standard input.
set      changes roles and scope, or the password (--password), of a user.
list     shows who can log in, and as what.
remove   takes away password and roles.

  --role ROLE                admin, manager, member, reader, service, or a name of your policy file; may be repeated
  --system                   the roles count for the whole system
  --project ID               they count for the nodes whose owner or lessee is ID
  --project-name NAME, --project-domain ID
                             of the project, for rules that ask; default: ID, "default"
  --password                 with set: ask for a new password

${DATA_OPTIONS_HELP}`;

const OPTIONS = {
  ...DATA_OPTIONS,
  role: { type: 'string', multiple: true },
  system: { type: 'boolean', default: false },
  project: { type: 'string' },
  'project-name': { type: 'string' },
  'project-domain': { type: 'string' },
  password: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

type Accounts = {
  readonly htpasswdPath: string;
  readonly usersPath: string;
  readonly htpasswd: string;
  /** Undefined: there is no file, and everybody in htpasswd administers everything. */
  readonly users: string | undefined;
};

/** Between the users who log in often and those who guess. */
const WORK_FACTOR = 10;

const ADMINISTRATOR: UserEntry = { roles: ['admin'], system: true, project: undefined };

const readIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

const readAccounts = async (values: Values): Promise<Accounts> => {
  const { data } = values;
  if (data === undefined) throw new UsageInvalid('--data DIR is needed');
  const { settings } = await loadConfig({
    file: values.config,
    environment: process.env,
    overrides: values.set,
  });
  const { http_basic_auth_user_file: own, http_basic_users_file: ownUsers } = settings.DEFAULT;
  // Before it is opened: opening a directory takes away everybody else's rights to it.
  await access(join(data, 'keys')).catch(() => {
    throw new UsageInvalid(`${data} is not the data directory of a service: no keys`);
  });
  const directory = await openDataDirectory(data);
  const htpasswdPath = own ?? directory.htpasswd;
  const usersPath = ownUsers ?? directory.users;
  const htpasswd = (await readIfThere(htpasswdPath)) ?? '';
  parseHtpasswd(htpasswd, htpasswdPath);
  return { htpasswdPath, usersPath, htpasswd, users: await readIfThere(usersPath) };
};

const entryOf = (values: Values, before: UserEntry | undefined): UserEntry => {
  const { system, project: id, role: roles } = values;
  const name = values['project-name'];
  const domain = values['project-domain'];
  if (system && id !== undefined) throw new UsageInvalid('--system or --project, not both');
  if (id === undefined && (name !== undefined || domain !== undefined)) {
    throw new UsageInvalid('--project-name and --project-domain go with --project');
  }
  const isScopeAsked = system || id !== undefined;
  const project =
    id === undefined ? undefined : { id, name: name ?? id, domain: domain ?? DEFAULT_DOMAIN };
  return {
    roles: roles ?? before?.roles ?? [],
    system: isScopeAsked ? system : (before?.system ?? false),
    project: isScopeAsked ? project : before?.project,
  };
};

/** Making the file takes their rights from all who are not in it; so those who had them are written into it. */
const everybodyBefore = ({ htpasswd, htpasswdPath, users }: Accounts): Map<string, UserEntry> =>
  new Map(
    users === undefined
      ? [...parseHtpasswd(htpasswd, htpasswdPath).keys()].map((user) => [user, ADMINISTRATOR])
      : [],
  );

const writeEntry = async (accounts: Accounts, user: string, entry: UserEntry): Promise<void> => {
  const { usersPath, users = '' } = accounts;
  const entries = everybodyBefore(accounts).set(user, entry);
  await replaceFile(usersPath, withEntries(users, usersPath, entries));
};

const askDigest = async (user: string): Promise<string> => {
  const password = await askPassword(user);
  const { hash } = await import('bcryptjs');
  return hash(password, WORK_FACTOR);
};

const writeDigest = (
  { htpasswd, htpasswdPath }: Accounts,
  user: string,
  digest: string,
): Promise<void> => replaceFile(htpasswdPath, withDigest(htpasswd, user, digest));

const add = async (values: Values, user: string, print: Print): Promise<number> => {
  const accounts = await readAccounts(values);
  if (hasDigest(accounts.htpasswd, user)) {
    throw new UsageInvalid(`there is a user ${user}; "bessemer user set" changes it`);
  }
  const entry = entryOf(values, undefined);
  if (entry.roles.length === 0 || (!entry.system && entry.project === undefined)) {
    throw new UsageInvalid('--role ROLE and --system or --project ID are needed');
  }
  const digest = await askDigest(user);
  // First the roles: between the two nobody can log in yet.
  await writeEntry(accounts, user, entry);
  await writeDigest(accounts, user, digest);
  print(`${user} can log in as ${wordsOf(entry)}`);
  return 0;
};

const set = async (values: Values, user: string, print: Print): Promise<number> => {
  const accounts = await readAccounts(values);
  if (!hasDigest(accounts.htpasswd, user)) throw new UsageInvalid(`there is no user ${user}`);
  const { usersPath, users } = accounts;
  const before = users === undefined ? ADMINISTRATOR : parseUsers(users, usersPath).get(user);
  const entry = entryOf(values, before);
  const isEntryAsked = values.role !== undefined || values.system || values.project !== undefined;
  if (!isEntryAsked && !values.password) {
    throw new UsageInvalid('expected --role, --system, --project or --password');
  }
  if (values.password) await writeDigest(accounts, user, await askDigest(user));
  if (isEntryAsked) await writeEntry(accounts, user, entry);
  print(`${user} can log in as ${wordsOf(entry)}`);
  return 0;
};

const remove = async (values: Values, user: string, print: Print): Promise<number> => {
  const accounts = await readAccounts(values);
  const { htpasswd, htpasswdPath, users, usersPath } = accounts;
  const isListed = users !== undefined && parseUsers(users, usersPath).has(user);
  if (!hasDigest(htpasswd, user) && !isListed) throw new UsageInvalid(`there is no user ${user}`);
  // First the password: a user without an entry could still log in.
  await replaceFile(htpasswdPath, withoutDigest(htpasswd, user));
  if (isListed) await replaceFile(usersPath, withoutEntry(users, usersPath, user));
  print(`${user} is removed`);
  return 0;
};

const wordsOf = ({ roles, system, project }: UserEntry): string => {
  const scope = system ? 'the whole system' : project && `project ${project.id}`;
  const what = roles.length === 0 ? 'nobody in particular' : roles.join(', ');
  return `${what} (${scope ?? 'no scope'})`;
};

const list = async (values: Values, print: Print): Promise<number> => {
  const { htpasswd, htpasswdPath, users, usersPath } = await readAccounts(values);
  const entries = users === undefined ? undefined : parseUsers(users, usersPath);
  const withPassword = [...parseHtpasswd(htpasswd, htpasswdPath).keys()];
  const names = [...new Set([...withPassword, ...(entries?.keys() ?? [])])].sort();
  for (const user of names) {
    const entry: UserEntry = (entries === undefined ? ADMINISTRATOR : entries.get(user)) ?? {
      roles: [],
      system: false,
      project: undefined,
    };
    const canLogIn = withPassword.includes(user);
    if (values.json) print(JSON.stringify({ user, canLogIn, ...entry }));
    else print(`${user}  ${wordsOf(entry)}${canLogIn ? '' : '  (no password)'}`);
  }
  return 0;
};

type Change = (values: Values, user: string, print: Print) => Promise<number>;
const CHANGES: { readonly [action: string]: Change } = { add, set, remove };

export const user: Command = async (args, print) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: OPTIONS,
  });
  const [action, name, ...rest] = positionals;
  if (rest.length > 0 || (action === 'list' && name !== undefined)) {
    throw new UsageInvalid('too many words; a password is never an argument');
  }
  const work = (): Promise<number> => {
    if (action === 'list') return list(values, print);
    const change = Object.hasOwn(CHANGES, action ?? '') ? CHANGES[action as string] : undefined;
    if (change === undefined) throw new UsageInvalid('expected "add", "list", "remove" or "set"');
    return change(values, checkName(name), print);
  };
  try {
    return await work();
  } catch (error) {
    // The files are the operator's too; what is wrong in them is told like what is wrong in the arguments.
    const isTyping = error instanceof UsersInvalid || error instanceof HtpasswdInvalid;
    throw isTyping ? new UsageInvalid(error.message) : error;
  }
};
