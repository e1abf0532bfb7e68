// GET /v1/drivers, one driver, the meaning of its driver_info keys, and what its logical disks can be.

import type { FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';

import type { ApiParts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { asFlag, asList, type Query, readQuery, requireFeature } from '../query.ts';
import type { Route } from '../route.ts';
import { driverNotFound, requireDriver, servedDrivers } from './find-driver.ts';
import { driverFieldsAt, driverFieldSince, driverObject } from './render-driver.ts';

export const driverRoutes = (parts: ApiParts): readonly Route[] => [
  listDriversRoute(parts),
  showDriverRoute(parts),
  driverPropertiesRoute(parts),
  logicalDiskPropertiesRoute(parts),
];

/** Undefined when nothing was asked for. */
const askedFields = (request: FastifyRequest, query: Query): readonly string[] | undefined => {
  if (query['fields'] === undefined) return undefined;
  requireFeature(request, 'driver-fields-query');
  const names = [...new Set([...(asList(query['fields']) ?? []), 'links'])];
  for (const name of names) {
    const since = driverFieldSince(name);
    if (since === undefined) {
      throw new Refusal(400, `Field ${name.slice(0, 100)} is not a valid field.`);
    }
    if (!offers(request.minor, since)) throw notAcceptable();
  }
  return names;
};

const listDriversRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/drivers',
  rule: 'baremetal:driver:get',
  handle: async (request, reply) => {
    const { base, minor } = request;
    const query = readQuery(request, ['type', 'detail', 'fields']);
    const { type: kind, detail } = query;
    if ((kind ?? detail) !== undefined) requireFeature(request, 'dynamic-drivers');
    if (kind !== undefined && kind !== 'dynamic' && kind !== 'classic') {
      throw new Refusal(400, '"type" filter must be one of "classic" or "dynamic", if specified.');
    }
    const isDetailed = asFlag('detail', detail) === true;
    const asked = askedFields(request, query);
    if (isDetailed && asked !== undefined) {
      throw new Refusal(400, "Can't fetch a subset of fields with 'detail' set");
    }
    const fields = asked ?? driverFieldsAt(minor, isDetailed);
    // Classic drivers are those of long ago: clients may ask for them, and there are none.
    const served = kind === 'classic' ? [] : await servedDrivers(parts);
    const drivers = served.map(({ type, hosts }) => driverObject(type, hosts, { base, fields }));
    return reply.header('content-type', 'application/json').send(JSON.stringify({ drivers }));
  },
});

const showDriverRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/drivers/:name',
  rule: 'baremetal:driver:get',
  handle: async (request, reply) => {
    const { base, minor } = request;
    const asked = askedFields(request, readQuery(request, ['fields']));
    const { type, hosts } = await requireDriver(parts, request.params, driverNotFound);
    const fields = asked ?? driverFieldsAt(minor, true);
    const driver = driverObject(type, hosts, { base, fields });
    return reply.header('content-type', 'application/json').send(JSON.stringify(driver));
  },
});

const driverPropertiesRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/drivers/:name/properties',
  rule: 'baremetal:driver:get_properties',
  handle: async (request, reply) => {
    const { type } = await requireDriver(parts, request.params);
    return reply.header('content-type', 'application/json').send(JSON.stringify(type.properties));
  },
});

const logicalDiskPropertiesRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/drivers/:name/raid/logical_disk_properties',
  rule: 'baremetal:driver:get_raid_logical_disk_properties',
  since: 'raid',
  statusBelow: 406,
  handle: async (request, reply) => {
    const { name, logicalDiskProperties } = (await requireDriver(parts, request.params)).type;
    if (logicalDiskProperties === undefined) {
      throw new Refusal(404, `Driver ${name} does not support raid (disabled or not implemented).`);
    }
    return reply
      .header('content-type', 'application/json')
      .send(JSON.stringify(logicalDiskProperties));
  },
});
