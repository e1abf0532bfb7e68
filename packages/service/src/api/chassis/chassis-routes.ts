// Chassis: list, show, create, delete. Kept small; clients ask for it while they look around.

import { randomUUID } from 'node:crypto';

import {
  type ChassisRecord,
  deleteChassis,
  findChassis,
  insertChassis,
  listChassis,
} from '#store/chassis';
import { Conflict } from '#store/errors';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject } from '@bessemer/protocol/json';
import { isUuid } from '@bessemer/protocol/uuid';

import type { ApiParts } from '../api-parts.ts';
import { linkPair } from '../links.ts';
import { isDetailed, refuseMarker } from '../nodes/list-nodes.ts';
import { nextLink, PAGE_ARGUMENTS, readPage } from '../page-query.ts';
import { asText, asUuid, readQuery, requireObjectBody, shown } from '../query.ts';
import type { Route } from '../route.ts';

const SORTABLE = new Set(['uuid', 'description', 'created_at', 'updated_at']);
const DESCRIPTION_CHARS_MAX = 255;

export const chassisRoutes = (parts: ApiParts): readonly Route[] => [
  listRoute(parts, '/v1/chassis', false),
  listRoute(parts, '/v1/chassis/detail', true),
  {
    method: 'GET',
    path: '/v1/chassis/:uuid',
    rule: 'baremetal:chassis:get',
    handle: async (request, reply) => {
      const uuid = uuidOf(request.params);
      const chassis = await findChassis(parts.store.db, uuid);
      if (chassis === undefined) throw missing(uuid);
      return reply.header('content-type', 'application/json').send(fullText(chassis, request.base));
    },
  },
  createRoute(parts),
  {
    method: 'DELETE',
    path: '/v1/chassis/:uuid',
    rule: 'baremetal:chassis:delete',
    handle: async (request, reply) => {
      const uuid = uuidOf(request.params);
      const outcome = await deleteChassis(parts.store.db, uuid);
      if (outcome === 'absent') throw missing(uuid);
      if (outcome === 'occupied') {
        throw new Refusal(
          400,
          `Cannot complete the requested action because chassis ${uuid} contains nodes.`,
        );
      }
      return reply.code(204).send();
    },
  },
];

const uuidOf = (params: unknown): string => {
  const { uuid } = params as { readonly uuid: string };
  if (!isUuid(uuid)) throw new Refusal(400, `Expected UUID for chassis_uuid: ${shown(uuid)}`);
  return uuid.toLowerCase();
};

const missing = (uuid: string): Refusal => new Refusal(404, `Chassis ${uuid} could not be found.`);

const listRoute = (parts: ApiParts, path: string, isDetailPath: boolean): Route => ({
  method: 'GET',
  path,
  rule: 'baremetal:chassis:get',
  handle: async (request, reply) => {
    const query = readQuery(request, [...PAGE_ARGUMENTS, 'detail', 'fields']);
    const isDetail = isDetailPath || isDetailed(request, query) || query['fields'] !== undefined;
    const page = readPage(
      query,
      (name) => (SORTABLE.has(name) ? name : undefined),
      parts.options.maxLimit,
    );
    const chassis = await listChassis(parts.store.db, page).catch(refuseMarker);
    const texts = chassis.map((each) =>
      isDetail ? fullText(each, request.base) : shortText(each, request.base),
    );
    const last = chassis.length === page.limit ? chassis.at(-1)?.uuid : undefined;
    const next = nextLink(request.base, path.slice('/v1/'.length), query, page, last);
    return reply
      .header('content-type', 'application/json')
      .send(`{"chassis":[${texts.join(',')}]${next}}`);
  },
});

const createRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/chassis',
  rule: 'baremetal:chassis:create',
  handle: async (request, reply) => {
    const { uuid = null, description = null, extra = {}, ...others } = requireObjectBody(request);
    const unknown = Object.keys(others)[0];
    if (unknown !== undefined) {
      throw new Refusal(
        400,
        `Schema error for chassis: Additional properties are not allowed ('${shown(unknown)}' was unexpected)`,
      );
    }
    const isText = description === null || typeof description === 'string';
    if (!isText || (description?.length ?? 0) > DESCRIPTION_CHARS_MAX) {
      throw new Refusal(400, 'Schema error for chassis: description must be a text up to 255');
    }
    if (!isJsonObject(extra)) throw new Refusal(400, 'Schema error for chassis: extra');
    const made = await insertChassis(
      parts.store.db,
      {
        uuid: asUuid('uuid', asText('uuid', uuid)) ?? randomUUID(),
        description,
        extra,
      },
      { nowMs: parts.clock.wallMs() },
    ).catch((error: unknown) => {
      if (!(error instanceof Conflict)) throw error;
      throw new Refusal(409, `A chassis with UUID ${shown(uuid)} already exists.`);
    });
    return reply
      .code(201)
      .header('location', `${request.base}/v1/chassis/${made.uuid}`)
      .header('content-type', 'application/json')
      .send(fullText(made, request.base));
  },
});

const shortText = (chassis: ChassisRecord, base: string): string =>
  `{"uuid":"${chassis.uuid}","description":${JSON.stringify(chassis.description)},"links":${linkPair(base, `chassis/${chassis.uuid}`)}}`;

const fullText = (chassis: ChassisRecord, base: string): string => {
  const { uuid, description, extra, createdAt, updatedAt } = chassis;
  const plain = JSON.stringify({
    uuid,
    description,
    extra,
    created_at: createdAt,
    updated_at: updatedAt,
  });
  // A list in a list: so the reference service has it, and clients ignore it.
  const nodes = `[${linkPair(base, `chassis/${uuid}/nodes`)}]`;
  return `${plain.slice(0, -1)},"nodes":${nodes},"links":${linkPair(base, `chassis/${uuid}`)}}`;
};
