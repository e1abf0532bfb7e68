// Links inside answers. A BMC may point to its own resources only: a link to another host would make the
// service send the session token there.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonValue } from '@bessemer/protocol/json';

import { memberAt } from './json-guard.ts';

/** No chassis has more; a hostile list would keep a conductor busy for ever. */
const MEMBERS_MAX = 256;
const PATH_CHARACTERS_MAX = 1_024;

const foreign = (origin: string): Failure =>
  new Failure(
    'bmc.protocol',
    `The BMC at ${origin} answered a link that leaves it, which is not followed`,
  );

/** The path of `link` at `origin`; Failure 'bmc.protocol' if it leads elsewhere. */
export const pathAt = (origin: string, link: string): string => {
  // Two slashes, or a backslash that URL parsers read as a slash, name another host.
  if (link.length > PATH_CHARACTERS_MAX || /[\\\s\p{C}]/u.test(link)) throw foreign(origin);
  const url = URL.parse(link, origin);
  if (url === null) throw foreign(origin);
  if (url.origin !== new URL(origin).origin) throw foreign(origin);
  if (url.username !== '' || url.password !== '') throw foreign(origin);
  return `${url.pathname}${url.search}`;
};

/** The path in `{"@odata.id": ...}` at `keys`; undefined when there is none. */
export const linkAt = (
  origin: string,
  value: JsonValue | undefined,
  ...keys: string[]
): string | undefined => {
  const link = memberAt(value, ...keys, '@odata.id');
  return typeof link === 'string' && link !== '' ? pathAt(origin, link) : undefined;
};

/** The paths of a list of links, e.g. `Members`. */
export const linksAt = (
  origin: string,
  value: JsonValue | undefined,
  ...keys: string[]
): readonly string[] => {
  const list = memberAt(value, ...keys);
  if (!Array.isArray(list)) return [];
  if (list.length > MEMBERS_MAX) {
    throw new Failure(
      'bmc.protocol',
      `The BMC at ${origin} lists ${list.length} members at ${keys.join('.')}; over ${MEMBERS_MAX} are not read`,
    );
  }
  return list.flatMap((each) => linkAt(origin, each) ?? []);
};
