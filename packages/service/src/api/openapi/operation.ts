// What the reference says about one route, beside what the route says itself (its rule and its microversion).

import type { QueryParameterName } from './query-parameters.ts';
import type { Schema } from './schema.ts';

export type Operation = {
  readonly summary: string;
  readonly query?: readonly QueryParameterName[];
  readonly body?: Schema;
  /** Of the older PUT calls: each may be in the body or in the query. */
  readonly arguments?: { readonly [name: string]: Schema };
  /** Whether the call makes sense without a body. */
  readonly isBodyOptional?: boolean;
  /** Status of a success to its body; null for none. */
  readonly answers: { readonly [status: number]: Schema | null };
};

/** By `METHOD /path`, the path as routes write it. */
export type Operations = { readonly [call: string]: Operation };
