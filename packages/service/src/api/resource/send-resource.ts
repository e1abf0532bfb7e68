// One object that has a field table, as an answer.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { fieldsAt, type ResourceTable } from '@bessemer/protocol/resource/fields';

import { resourceText, type ShowSpecial } from './resource-text.ts';

export type Shown<Name extends string> = {
  readonly table: ResourceTable<Name>;
  readonly showSpecial?: ShowSpecial;
};

/** `fields`: all that the version has, when undefined. */
export const sendResource = <Name extends string>(
  request: FastifyRequest,
  reply: FastifyReply,
  { table, showSpecial }: Shown<Name>,
  record: { readonly uuid: string },
  fields: readonly Name[] = fieldsAt(table, request.minor),
): FastifyReply =>
  reply
    .header('content-type', 'application/json')
    .send(resourceText(table, record, fields, request, showSpecial));
