// GET /v1/drivers, one driver, and the meaning of its driver_info keys.

import { listConductors } from '#store/conductors';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';

import type { ApiParts, HardwareTypeFacts } from '../api-parts.ts';
import { notAcceptable } from '../error-envelope.ts';
import { asFlag, asList, readQuery, requireFeature } from '../query.ts';
import type { Route } from '../route.ts';
import { driverObject } from './render-driver.ts';

export const driverRoutes = (parts: ApiParts): readonly Route[] => [
  listDriversRoute(parts),
  showDriverRoute(parts),
  driverPropertiesRoute(parts),
  logicalDiskPropertiesRoute(parts),
];

const isAlive = (parts: ApiParts, heartbeatMs: number): boolean =>
  parts.clock.wallMs() - heartbeatMs <= parts.options.conductorTimeoutMs;

/** Host names of the live conductors that serve `driver`. */
const hostsOf = async (parts: ApiParts, driver: string): Promise<string[]> => {
  const conductors = await listConductors(parts.store.db);
  return conductors
    .filter((each) => each.isOnline && isAlive(parts, each.heartbeatMs))
    .filter((each) => each.drivers.includes(driver))
    .map((each) => each.hostname);
};

const listDriversRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/drivers',
  rule: 'baremetal:driver:get',
  handle: async (request, reply) => {
    const query = readQuery(request, ['type', 'detail', 'fields']);
    if (query['type'] !== undefined || query['detail'] !== undefined) {
      requireFeature(request, 'dynamic-drivers');
    }
    if (query['fields'] !== undefined) requireFeature(request, 'driver-fields-query');
    if (query['type'] !== undefined && query['type'] !== 'dynamic' && query['type'] !== 'classic') {
      throw new Refusal(400, '"type" filter must be one of "classic" or "dynamic", if specified.');
    }
    const isDetailed = asFlag('detail', query['detail']) === true;
    const fields = asList(query['fields']);
    if (isDetailed && fields !== undefined) {
      throw new Refusal(400, "Can't fetch a subset of fields with 'detail' set");
    }
    const types = query['type'] === 'classic' ? [] : parts.drivers.hardwareTypes;
    const drivers: object[] = [];
    for (const type of types) {
      const hosts = await hostsOf(parts, type.name);
      if (hosts.length === 0) continue;
      const { base, minor } = request;
      const whole = driverObject(type, hosts, {
        base,
        minor,
        isDetailed: isDetailed || fields !== undefined,
      });
      drivers.push(fields === undefined ? whole : pick(whole, fields));
    }
    return reply.header('content-type', 'application/json').send(JSON.stringify({ drivers }));
  },
});

const pick = (
  driver: { readonly [key: string]: unknown },
  fields: readonly string[],
): { [key: string]: unknown } => {
  const unknown = fields.find((field) => !(field in driver));
  if (unknown !== undefined) {
    throw new Refusal(400, `Field ${unknown.slice(0, 100)} is not a valid field.`);
  }
  const wanted = [...new Set([...fields, 'links'])];
  return Object.fromEntries(wanted.map((field) => [field, driver[field]]));
};

const nameOf = (params: unknown): string => (params as { readonly name: string }).name;

const requireType = (parts: ApiParts, name: string, text: string): HardwareTypeFacts => {
  const type = parts.drivers.hardwareTypes.find((each) => each.name === name);
  if (type === undefined) throw new Refusal(404, text);
  return type;
};

const showDriverRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/drivers/:name',
  rule: 'baremetal:driver:get',
  handle: async (request, reply) => {
    readQuery(request, []);
    const name = nameOf(request.params);
    const type = requireType(
      parts,
      name,
      `Could not find the following driver(s) or hardware type(s): ${name}.`,
    );
    const driver = driverObject(type, await hostsOf(parts, name), {
      base: request.base,
      minor: request.minor,
      isDetailed: true,
    });
    return reply.header('content-type', 'application/json').send(JSON.stringify(driver));
  },
});

const driverPropertiesRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/drivers/:name/properties',
  rule: 'baremetal:driver:get_properties',
  handle: (request, reply) => {
    const name = nameOf(request.params);
    const type = requireType(parts, name, `The driver '${name}' is unknown.`);
    return reply.header('content-type', 'application/json').send(JSON.stringify(type.properties));
  },
});

const logicalDiskPropertiesRoute = (parts: ApiParts): Route => ({
  method: 'GET',
  path: '/v1/drivers/:name/raid/logical_disk_properties',
  rule: 'baremetal:driver:get_raid_logical_disk_properties',
  handle: (request) => {
    if (!offers(request.minor, 'raid')) throw notAcceptable();
    const name = nameOf(request.params);
    requireType(parts, name, `The driver '${name}' is unknown.`);
    throw new Refusal(404, `Driver ${name} does not support RAID (disabled or not implemented).`);
  },
});
