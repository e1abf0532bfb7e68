// The chassis that a path names, and how one is shown.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { findChassis } from '#store/chassis';

import { CHASSIS, type ChassisFieldName } from '@bessemer/protocol/chassis/fields';
import type { ChassisRecord } from '@bessemer/protocol/chassis/record';
import { Refusal } from '@bessemer/protocol/errors/refusal';

import type { ApiParts } from '../api-parts.ts';
import { findResource } from '../resource/find-resource.ts';
import { sendResource } from '../resource/send-resource.ts';

export const chassisMissing = (uuid: string): Refusal =>
  new Refusal(404, `Chassis ${uuid} could not be found.`);

const NAMING = { noun: 'chassis', hasNames: false, missing: chassisMissing };

/** By UUID; they have no names. */
export const requireChassis = (parts: ApiParts, request: FastifyRequest): Promise<ChassisRecord> =>
  findResource(request, NAMING, (ident) => findChassis(parts.store.db, ident));

export const sendChassis = (
  request: FastifyRequest,
  reply: FastifyReply,
  chassis: ChassisRecord,
  fields?: readonly ChassisFieldName[],
): FastifyReply => sendResource(request, reply, { table: CHASSIS }, chassis, fields);
