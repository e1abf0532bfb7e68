// Changes htpasswd and users.yaml as text, so that what an operator wrote around the entries stays: comments, order,
// lines that we do not know.

import { parseDocument } from 'yaml';

import { parseUsers, type UserEntry, UsersInvalid } from '#api/auth/users';

import { UsageInvalid } from '../command.ts';

const NAME_PATTERN = /^[^\s:\p{Cc}]([^:\p{Cc}]{0,253}[^\s:\p{Cc}])?$/u;

/** Throws UsageInvalid. */
export const checkName = (name: string | undefined): string => {
  if (name !== undefined && NAME_PATTERN.test(name) && !name.startsWith('#')) return name;
  throw new UsageInvalid('NAME is needed: 1 to 255 characters, no colon, no control characters');
};

const isLineOf = (user: string, line: string): boolean => {
  const colon = line.indexOf(':');
  return colon !== -1 && line.slice(0, colon).trim() === user;
};

export const hasDigest = (text: string, user: string): boolean =>
  text.split('\n').some((line) => isLineOf(user, line));

/** In its place when the user has a line, else at the end. */
export const withDigest = (text: string, user: string, digest: string): string => {
  const line = `${user}:${digest}`;
  if (hasDigest(text, user)) {
    return text
      .split('\n')
      .map((each) => (isLineOf(user, each) ? line : each))
      .join('\n');
  }
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
};

export const withoutDigest = (text: string, user: string): string =>
  text
    .split('\n')
    .filter((line) => !isLineOf(user, line))
    .join('\n');

/** As `users.yaml` holds it. */
const entryDocument = ({ roles, system, project }: UserEntry): object => ({
  roles: [...roles],
  ...(system ? { system: 'all' } : {}),
  ...(project === undefined ? {} : { project: { ...project } }),
});

const changed = (
  text: string,
  path: string,
  change: (document: ReturnType<typeof parseDocument>) => void,
): string => {
  // Refuses what the service would refuse, before and after.
  if (text.trim() !== '') parseUsers(text, path);
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new UsersInvalid(`${path} is not YAML`);
  if (!document.has('users')) document.set('users', document.createNode({}));
  change(document);
  const after = document.toString({ lineWidth: 0 });
  parseUsers(after, path);
  return after;
};

/** Throws UsersInvalid. */
export const withEntries = (
  text: string,
  path: string,
  entries: ReadonlyMap<string, UserEntry>,
): string =>
  changed(text, path, (document) => {
    for (const [user, entry] of entries) {
      document.setIn(['users', user], document.createNode(entryDocument(entry)));
    }
  });

/** Throws UsersInvalid. */
export const withoutEntry = (text: string, path: string, user: string): string =>
  changed(text, path, (document) => {
    document.deleteIn(['users', user]);
  });
