// POST, PATCH and DELETE of chassis.

import { randomUUID } from 'node:crypto';

import { chassisTable, deleteChassis } from '#store/chassis';

import { CHASSIS } from '@bessemer/protocol/chassis/fields';
import type { ChassisRecord } from '@bessemer/protocol/chassis/record';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import { parsePatch } from '@bessemer/protocol/node/patch';

import type { ApiParts } from '../api-parts.ts';
import { requireObjectBody } from '../query.ts';
import { readNew, readPatched, refuseUnpatchable } from '../resource/resource-input.ts';
import { insertRecord, updateRecord } from '../resource/write-record.ts';
import type { Route } from '../route.ts';
import { chassisMissing, requireChassis, sendChassis } from './find-chassis.ts';

const KEPT = { noun: 'chassis', table: chassisTable };

export const createChassisRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/chassis',
  rule: 'baremetal:chassis:create',
  handle: async (request, reply) => {
    const reading = { table: CHASSIS, minor: request.minor };
    const given = readNew(reading, requireObjectBody(request)) as Partial<ChassisRecord>;
    const wanted = { uuid: randomUUID() as string, description: null, extra: {}, ...given };
    const made = await insertRecord(parts, KEPT, wanted);
    reply.code(201).header('location', `${request.base}/v1/chassis/${made.uuid}`);
    return sendChassis(request, reply, made);
  },
});

export const patchChassisRoute = (parts: ApiParts): Route => ({
  method: 'PATCH',
  path: '/v1/chassis/:ident',
  rule: 'baremetal:chassis:update',
  handle: async (request, reply) => {
    const operations = parsePatch(request.body);
    refuseUnpatchable(CHASSIS, operations, request.minor);
    const chassis = await requireChassis(parts, request);
    const values = readPatched({ table: CHASSIS, minor: request.minor }, chassis, operations);
    return sendChassis(request, reply, await updateRecord(parts, KEPT, chassis, values));
  },
});

export const deleteChassisRoute = (parts: ApiParts): Route => ({
  method: 'DELETE',
  path: '/v1/chassis/:ident',
  rule: 'baremetal:chassis:delete',
  handle: async (request, reply) => {
    const { uuid } = await requireChassis(parts, request);
    const outcome = await deleteChassis(parts.store.db, uuid);
    if (outcome === 'absent') throw chassisMissing(uuid);
    if (outcome === 'occupied') {
      throw new Refusal(
        400,
        `Cannot complete the requested action because chassis ${uuid} contains nodes.`,
      );
    }
    return reply.code(204).send();
  },
});
