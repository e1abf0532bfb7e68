// The htpasswd file: `user:digest` lines, bcrypt only. It is looked at again whenever it has changed.

import { openReloadedFile } from './reloaded-file.ts';

const DIGEST_PATTERN = /^\$2[yab]\$[0-9]{2}\$[./A-Za-z0-9]{53}$/;

export class HtpasswdInvalid extends Error {}

export type Htpasswd = {
  /** The digest of the first line for `user`. */
  readonly digestOf: (user: string) => string | undefined;
  readonly users: () => readonly string[];
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
  const file = openReloadedFile(path, parseHtpasswd, warn);
  return {
    digestOf: (user) => file.content().get(user),
    users: () => [...file.content().keys()],
    generation: file.generation,
  };
};
