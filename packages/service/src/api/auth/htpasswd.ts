// The htpasswd file: `user:digest` lines, bcrypt only. It is looked at again whenever it has changed.

import { readFileSync, statSync } from 'node:fs';

const DIGEST_PATTERN = /^\$2[yab]\$[0-9]{2}\$[./A-Za-z0-9]{53}$/;
/** Far more users than one service has; keeps a wrong file from being read into memory. */
const FILE_BYTES_MAX = 1_024 * 1_024;

export class HtpasswdInvalid extends Error {}

export type Htpasswd = {
  /** The digest of the first line for `user`. */
  readonly digestOf: (user: string) => string | undefined;
  /** Changes whenever the content does. */
  readonly generation: () => string;
};

export const parseHtpasswd = (text: string, path: string): ReadonlyMap<string, string> => {
  const digests = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const user = line.slice(0, colon).trim();
    const digest = line.slice(colon + 1).trim();
    if (!DIGEST_PATTERN.test(digest)) {
      throw new HtpasswdInvalid(
        `${path}: the digest of user "${user}" is not bcrypt ($2y$, $2a$ or $2b$); make it with htpasswd -B`,
      );
    }
    if (!digests.has(user)) digests.set(user, digest);
  }
  return digests;
};

/** Reads the file once now, so that a bad one stops the start. A bad change later keeps the last good content. */
export const openHtpasswd = (path: string, warn: (text: string) => void): Htpasswd => {
  let generation = generationOf(path);
  let digests = read(path);
  const refresh = (): void => {
    const now = generationOf(path);
    if (now === generation) return;
    generation = now;
    try {
      digests = read(path);
    } catch (error) {
      warn(`${path} was changed but cannot be used; the last good content stays: ${String(error)}`);
    }
  };
  return {
    digestOf: (user) => {
      refresh();
      return digests.get(user);
    },
    generation: () => {
      refresh();
      return generation;
    },
  };
};

const generationOf = (path: string): string => {
  const facts = statSync(path, { throwIfNoEntry: false });
  return facts === undefined ? 'absent' : `${facts.ino}:${facts.size}:${facts.mtimeMs}`;
};

const read = (path: string): ReadonlyMap<string, string> => {
  const facts = statSync(path);
  if (facts.size > FILE_BYTES_MAX) throw new HtpasswdInvalid(`${path} is larger than 1 MiB`);
  return parseHtpasswd(readFileSync(path, 'utf8'), path);
};
