// POST, PATCH and DELETE of chassis.

import { randomUUID } from 'node:crypto';

import { isoTime } from '#clock';
import { deleteChassis, insertChassis, updateChassis } from '#store/chassis';

import { CHASSIS } from '@bessemer/protocol/chassis/fields';
import type { ChassisRecord } from '@bessemer/protocol/chassis/record';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import { parsePatch } from '@bessemer/protocol/node/patch';

import type { ApiParts } from '../api-parts.ts';
import { requireObjectBody } from '../query.ts';
import { changedMeanwhile, refuseTaken } from '../resource/record-conflict.ts';
import { readNew, readPatched, refuseUnpatchable } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { chassisMissing, requireChassis, sendChassis } from './find-chassis.ts';

export const createChassisRoute = (parts: ApiParts): Route => ({
  method: 'POST',
  path: '/v1/chassis',
  rule: 'baremetal:chassis:create',
  handle: async (request, reply) => {
    const reading = { table: CHASSIS, minor: request.minor };
    const given = readNew(reading, requireObjectBody(request)) as Partial<ChassisRecord>;
    const wanted = { uuid: randomUUID() as string, description: null, extra: {}, ...given };
    const made = await insertChassis(parts.store.db, wanted, {
      nowMs: parts.clock.wallMs(),
    }).catch((error: unknown) => refuseTaken(error, 'chassis', wanted));
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
    if (Object.keys(values).length === 0) return sendChassis(request, reply, chassis);
    const changes: Partial<ChassisRecord> = {
      ...values,
      updatedAt: isoTime(parts.clock.wallMs()),
    };
    const isWritten = await updateChassis(parts.store.db, chassis, changes);
    if (!isWritten) throw changedMeanwhile('chassis', chassis.uuid);
    return sendChassis(request, reply, { ...chassis, ...changes });
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
