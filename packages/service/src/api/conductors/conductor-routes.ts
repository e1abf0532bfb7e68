// GET /v1/conductors and one of them.

import { type ConductorRecord, findConductor, listConductors } from '#store/conductors';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { ApiParts } from '../api-parts.ts';
import { nextLink, PAGE_ARGUMENTS, readDirection, readLimit } from '../page-query.ts';
import { asFlag, asList, type Query, readQuery } from '../query.ts';
import type { Route } from '../route.ts';

const SHORT = ['hostname', 'conductor_group', 'alive'];
const FIELDS = [...SHORT, 'drivers', 'created_at', 'updated_at'];

export const conductorRoutes = (parts: ApiParts): readonly Route[] => [
  listConductorsRoute(parts, '/v1/conductors'),
  listConductorsRoute(parts, DETAIL_PATH),
  showConductorRoute(parts),
];

/** Where openstacksdk looks for details, as those of every other resource; the original has no such address. */
const DETAIL_PATH = '/v1/conductors/detail';

const listConductorsRoute = (parts: ApiParts, path: string): Route => ({
  method: 'GET',
  path,
  rule: 'baremetal:conductor:get',
  since: 'conductors',
  handle: async (request, reply) => {
    const query = readQuery(request, [...PAGE_ARGUMENTS, 'detail', 'fields']);
    const isDetailed = path === DETAIL_PATH || asFlag('detail', query['detail']) === true;
    if (isDetailed && query['fields'] !== undefined) {
      throw new Refusal(400, "Can't fetch a subset of fields with 'detail' set");
    }
    const fields = fieldsOf(query['fields']) ?? (isDetailed ? FIELDS : SHORT);
    const { maxLimit } = parts.options;
    const limit = Math.min(readLimit(query['limit']) ?? maxLimit, maxLimit);
    const page = pageOf(await listConductors(parts.store.db), query, limit);
    const conductors = page.map((each) => conductorObject(parts, each, fields, request.base));
    const last = page.length === limit ? page.at(-1)?.hostname : undefined;
    const order = { limit, marker: undefined, sortColumn: 'hostname', isDescending: false };
    const next = nextLink(request.base, path.replace('/v1/', ''), query, order, last);
    const text = JSON.stringify(conductors);
    return reply.header('content-type', 'application/json').send(`{"conductors":${text}${next}}`);
  },
});

const showConductorRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/conductors/:hostname',
  rule: 'baremetal:conductor:get',
  since: 'conductors',
  handle: async (request, reply) => {
    const query = readQuery(request, ['fields']);
    const { hostname } = request.params as { readonly hostname: string };
    const conductor = await findConductor(parts.store.db, hostname);
    if (conductor === undefined) throw conductorMissing(hostname);
    const shown = conductorObject(
      parts,
      conductor,
      fieldsOf(query['fields']) ?? FIELDS,
      request.base,
    );
    return reply.header('content-type', 'application/json').send(JSON.stringify(shown));
  },
});

const conductorMissing = (hostname: string): Refusal =>
  new Refusal(404, `Conductor ${hostname} could not be found.`);

const fieldsOf = (text: string | undefined): readonly string[] | undefined => {
  const fields = asList(text);
  const unknown = fields?.find((field) => !FIELDS.includes(field) && field !== 'links');
  if (unknown !== undefined) {
    throw new Refusal(400, `Field ${unknown.slice(0, 100)} is not a valid field.`);
  }
  return fields;
};

const SORT_KEYS: { readonly [name: string]: (conductor: ConductorRecord) => string } = {
  id: ({ createdAt }) => createdAt,
  hostname: ({ hostname }) => hostname,
  conductor_group: ({ conductorGroup }) => conductorGroup,
  created_at: ({ createdAt }) => createdAt,
  updated_at: ({ updatedAt }) => updatedAt ?? '',
};

/** They come by host name, and there are so few of them that they are sorted here. */
const pageOf = (
  all: readonly ConductorRecord[],
  query: Query,
  limit: number,
): readonly ConductorRecord[] => {
  const sortKey = query['sort_key'] ?? 'id';
  const keyOf = Object.hasOwn(SORT_KEYS, sortKey) ? SORT_KEYS[sortKey] : undefined;
  if (keyOf === undefined) {
    throw new Refusal(
      400,
      `The sort_key value "${sortKey.slice(0, 100)}" is an invalid field for sorting`,
    );
  }
  const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);
  const sorted = all.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  if (readDirection(query['sort_dir']) === 'desc') sorted.reverse();
  const marker = query['marker'];
  if (marker === undefined) return sorted.slice(0, limit);
  const at = sorted.findIndex((each) => each.hostname === marker);
  if (at === -1) throw conductorMissing(marker.slice(0, 255));
  return sorted.slice(at + 1, at + 1 + limit);
};

const conductorObject = (
  parts: ApiParts,
  conductor: ConductorRecord,
  fields: readonly string[],
  base: string,
): object => {
  const age = parts.clock.wallMs() - conductor.heartbeatMs;
  const whole: { [key: string]: unknown } = {
    hostname: conductor.hostname,
    conductor_group: conductor.conductorGroup,
    alive: conductor.isOnline && age <= parts.options.conductorTimeoutMs,
    drivers: conductor.drivers,
    created_at: conductor.createdAt,
    updated_at: conductor.updatedAt,
  };
  const shown: { [key: string]: unknown } = {};
  for (const field of fields) if (field in whole) shown[field] = whole[field];
  shown['links'] = [
    { href: `${base}/v1/conductors/${conductor.hostname}`, rel: 'self' },
    { href: `${base}/conductors/${conductor.hostname}`, rel: 'bookmark' },
  ];
  return shown;
};
