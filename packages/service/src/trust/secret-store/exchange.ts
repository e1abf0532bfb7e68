// One question to a secret store over HTTP. Whoever makes it reaches one server that it knows, and ends within a limit.

import type { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { storeFailure } from './store-failure.ts';

export type Asked = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With the query; begins with a slash. */
  readonly path: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: JsonObject;
};

export type Answered = {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly text: string;
};

/** Throws `secret-store.away`, `.certificate` or `.protocol`; redirects are not followed. */
export type Exchange = (asked: Asked) => Promise<Answered>;

/** Throws `protocol`; the text is in no error, it may hold a secret. */
export const jsonOf = ({ status, text }: Answered, what: string): JsonObject => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isJsonObject(value)) return value;
  throw storeFailure(
    'protocol',
    `${what} answered ${status} with something that is no JSON object.`,
  );
};

const TOO_MANY = 429;
const TOO_LARGE = 413;
/** Answers of a server, or of a proxy before it, that say nothing about the question. */
const isAway = (status: number): boolean => status >= 500 || status === TOO_MANY || status === 408;

/** What every HTTP store means by a status that its caller did not expect. */
export const unexpected = ({ status }: Answered, what: string): Failure => {
  if (status === 401 || status === 403) {
    return storeFailure('unauthorised', `${what} refused the service with ${status}.`);
  }
  if (status === TOO_LARGE)
    return storeFailure('full', `${what} takes nothing so large (${status}).`);
  if (isAway(status)) return storeFailure('away', `${what} answered ${status}.`);
  return storeFailure('protocol', `${what} answered ${status}, which is not expected here.`);
};

/** A field two objects deep, as undefined where there is none. */
export const fieldOf = (value: unknown, ...path: readonly string[]): unknown => {
  let found = value;
  for (const name of path) found = isJsonObject(found) ? found[name] : undefined;
  return found;
};
