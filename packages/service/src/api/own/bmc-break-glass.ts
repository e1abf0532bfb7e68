// POST /bessemer/nodes/{node}/bmc-export: the login at the BMC of a node, sealed to a key of the person who asks.
// POST /bessemer/nodes/{node}/bmc-opened: a person tells that they open a break-glass file.
// No answer of any route has a password of a BMC that it was not sealed in.

import type { FastifyReply, FastifyRequest } from 'fastify';

import { isoTime } from '#clock';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import { isUuid } from '@bessemer/protocol/uuid';

import type { ApiParts } from '../api-parts.ts';
import { requireNode } from '../nodes/find-node.ts';
import { asText, requireObjectBody } from '../query.ts';
import type { Route } from '../route.ts';

/** Longer reasons belong in a ticket. */
const REASON_CHARS_MAX = 500;
/** As break-glass files name the write in the secret store that they were taken from. */
const WRITE_ID_PATTERN = /^[A-Za-z0-9-]{1,64}$/;

const bodyOf = (request: FastifyRequest, allowed: readonly string[]): JsonObject => {
  const body = requireObjectBody(request);
  const unknown = Object.keys(body).filter((name) => !allowed.includes(name));
  if (unknown.length === 0) return body;
  throw new Refusal(400, `Unexpected arguments: ${unknown.join(', ').slice(0, 200)}`);
};

const reasonIn = (body: JsonObject): string | undefined => {
  const reason = asText('reason', body['reason'])?.trim();
  if ((reason?.length ?? 0) > REASON_CHARS_MAX) {
    throw new Refusal(400, `Expected at most ${REASON_CHARS_MAX} characters for reason`);
  }
  return reason === '' ? undefined : reason;
};

const needed = (name: string, value: string | undefined): string => {
  if (value === undefined || value === '') throw new Refusal(400, `Missing argument: ${name}`);
  return value;
};

const send = (reply: FastifyReply, status: number, answer: JsonObject): FastifyReply =>
  reply
    .code(status)
    .header('content-type', 'application/json')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(answer));

const exportBmc =
  (parts: ApiParts) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const node = await requireNode(parts, request);
    const body = bodyOf(request, ['reason', 'recipient', 'approve']);
    const caller = callerOf(request);
    const approved = asText('approve', body['approve']);
    if (approved !== undefined && !isUuid(approved)) {
      throw new Refusal(400, `Expected UUID for approve: ${approved.slice(0, 100)}`);
    }
    const answer =
      approved === undefined
        ? await parts.conductor.requestBmcExport(node.uuid, {
            caller,
            reason: needed('reason', reasonIn(body)),
            recipient: needed('recipient', asText('recipient', body['recipient'])),
          })
        : await parts.conductor.approveBmcExport(node.uuid, {
            caller,
            id: approved.toLowerCase(),
          });
    const { state, id } = answer;
    return answer.state === 'given'
      ? send(reply, 200, {
          state,
          id,
          file: answer.file,
          frozen_until: isoTime(answer.frozenUntilMs),
        })
      : send(reply, 202, { state, id, expires_at: isoTime(answer.expiresMs) });
  };

const callerOf = (request: FastifyRequest) => ({
  user: request.user,
  sourceAddress: request.ip,
  requestId: request.id,
});

const noteOpened =
  (parts: ApiParts) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const node = await requireNode(parts, request);
    const body = bodyOf(request, ['reason', 'write_id']);
    const writeId = asText('write_id', body['write_id']);
    if (writeId !== undefined && !WRITE_ID_PATTERN.test(writeId)) {
      throw new Refusal(400, 'Expected the writeId of a break-glass file for write_id');
    }
    const { isCurrent, rotatesAtMs } = await parts.conductor.noteBmcOpened(node.uuid, {
      caller: callerOf(request),
      writeId,
      reason: reasonIn(body),
    });
    return send(reply, 200, {
      is_current: isCurrent,
      rotates_at: rotatesAtMs === null ? null : isoTime(rotatesAtMs),
    });
  };

export const breakGlassRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'POST',
    path: '/bessemer/nodes/:ident/bmc-export',
    rule: 'bessemer:bmc:export',
    asked: 'with-object',
    handle: exportBmc(parts),
  },
  {
    method: 'POST',
    path: '/bessemer/nodes/:ident/bmc-opened',
    rule: 'bessemer:bmc:open',
    asked: 'with-object',
    handle: noteOpened(parts),
  },
];
