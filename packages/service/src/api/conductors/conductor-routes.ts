// GET /v1/conductors and one of them.

import { type ConductorRecord, findConductor, listConductors } from '#store/conductors';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { ApiParts } from '../api-parts.ts';
import { nextLink } from '../page-query.ts';
import { asFlag, asList, type Query, readQuery } from '../query.ts';
import type { Route } from '../route.ts';

const SHORT = ['hostname', 'conductor_group', 'alive'];
const FIELDS = [...SHORT, 'drivers', 'created_at', 'updated_at'];

export const conductorRoutes = (parts: ApiParts): readonly Route[] => [
  listConductorsRoute(parts),
  showConductorRoute(parts),
];

const listConductorsRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/conductors',
  rule: 'baremetal:conductor:get',
  since: 'conductors',
  handle: async (request, reply) => {
    const query = readQuery(request, [
      'detail',
      'fields',
      'limit',
      'marker',
      'sort_key',
      'sort_dir',
    ]);
    const isDetailed = asFlag('detail', query['detail']) === true;
    if (isDetailed && query['fields'] !== undefined) {
      throw new Refusal(400, "Can't fetch a subset of fields with 'detail' set");
    }
    const fields = fieldsOf(query['fields']) ?? (isDetailed ? FIELDS : SHORT);
    const limit = limitOf(query, parts.options.maxLimit);
    const page = pageOf(await listConductors(parts.store.db), query, limit);
    const conductors = page.map((each) => conductorObject(parts, each, fields, request.base));
    const last = page.length === limit ? page.at(-1)?.hostname : undefined;
    const order = { limit, marker: undefined, sortColumn: 'hostname', isDescending: false };
    const next = nextLink(request.base, 'conductors', query, order, last);
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

const limitOf = (query: Query, limitMax: number): number => {
  const text = query['limit'];
  if (text === undefined) return limitMax;
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) === 0) {
    throw new Refusal(400, 'Limit must be positive');
  }
  return Math.min(Number(text), limitMax);
};

/** By host name, or by what `sort_key` says; there are so few that they are sorted here. */
const pageOf = (
  all: readonly ConductorRecord[],
  query: Query,
  limit: number,
): readonly ConductorRecord[] => {
  const sortKey = query['sort_key'] ?? 'hostname';
  if (!['id', 'hostname', 'conductor_group', 'created_at'].includes(sortKey)) {
    throw new Refusal(400, `The sort_key value "${sortKey}" is an invalid field for sorting`);
  }
  const keyOf = (each: ConductorRecord): string => {
    if (sortKey === 'conductor_group') return each.conductorGroup;
    return sortKey === 'created_at' ? each.createdAt : each.hostname;
  };
  const sorted = [...all].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  if (query['sort_dir'] === 'desc') sorted.reverse();
  const marker = query['marker'];
  if (marker === undefined) return sorted.slice(0, limit);
  const at = sorted.findIndex((each) => each.hostname === marker);
  if (at === -1) throw conductorMissing(marker);
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
