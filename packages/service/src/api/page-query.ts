// Paging arguments, the same for all lists, and the `next` link of a full page.

import type { PageRequest } from '#store/paging';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { asUuid, type Query } from './query.ts';

export const PAGE_ARGUMENTS = ['limit', 'marker', 'sort_key', 'sort_dir'] as const;

/** `[api] max_limit`: default and ceiling; some clients read the first page only, so it stays large. */
export const PAGE_LIMIT_MAX = 1_000;

/** `sortColumn` answers undefined for a name that cannot be sorted by. */
export const readPage = (
  query: Query,
  sortColumn: (name: string) => string | undefined,
  limitMax: number = PAGE_LIMIT_MAX,
): PageRequest => {
  const sortKey = query['sort_key'] ?? 'id';
  const column = sortKey === 'id' ? 'id' : sortColumn(sortKey);
  if (column === undefined) {
    throw new Refusal(
      400,
      `The sort_key value "${sortKey.slice(0, 100)}" is an invalid field for sorting`,
    );
  }
  return {
    limit: Math.min(readLimit(query['limit']) ?? limitMax, limitMax),
    marker: asUuid('marker', query['marker']),
    sortColumn: column,
    isDescending: readDirection(query['sort_dir']) === 'desc',
  };
};

export const readLimit = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^-?[0-9]{1,15}$/.test(text)) {
    throw new Refusal(400, `Expected an integer for limit: ${text.slice(0, 100)}`);
  }
  const limit = Number(text);
  if (limit <= 0) throw new Refusal(400, 'Limit must be positive');
  return limit;
};

export const readDirection = (text: string | undefined): 'asc' | 'desc' => {
  if (text === undefined || text === 'asc') return 'asc';
  if (text === 'desc') return 'desc';
  throw new Refusal(
    400,
    `Invalid sort direction: ${text.slice(0, 100)}. Acceptable values are 'asc' or 'desc'`,
  );
};

/** `,"next":"..."` for a full page, else nothing. Filters are kept, so that the next page is of the same list. */
export const nextLink = (
  base: string,
  path: string,
  query: Query,
  page: PageRequest,
  lastUuid: string | undefined,
  extra: { readonly [name: string]: string } = {},
): string => {
  if (lastUuid === undefined) return '';
  const parameters = new URLSearchParams();
  parameters.set('sort_key', query['sort_key'] ?? 'id');
  parameters.set('sort_dir', query['sort_dir'] ?? 'asc');
  for (const [name, value] of Object.entries({ ...query, ...extra })) {
    if (value !== undefined && name !== 'marker' && name !== 'limit') parameters.set(name, value);
  }
  parameters.set('limit', String(page.limit));
  parameters.set('marker', lastUuid);
  return `,"next":${JSON.stringify(`${base}/v1/${path}?${parameters.toString().replaceAll('%2C', ',')}`)}`;
};
