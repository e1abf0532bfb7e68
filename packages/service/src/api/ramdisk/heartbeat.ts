// POST /v1/heartbeat/{node}. The busiest route of all: it checks shapes, asks the conductor, and answers 202 only
// when the heartbeat is durable. A wrong token is 400, not 401: stock agents expect it so.

import type { FastifyRequest } from 'fastify';

import type { HeartbeatRequest } from '#conductor/conductor';
import { BAD_TOKEN } from '#trust/agent-token/decide-heartbeat';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { type Feature, offers } from '@bessemer/protocol/microversion/features';
import { asNodeUuid } from '@bessemer/protocol/uuid';

import { resourceMissing } from '../error-envelope.ts';
import type { Route } from '../route.ts';
import { requestSignatureOf } from './agent-proof.ts';
import { identOfHeartbeat, noteAside } from './admission.ts';
import type { RamdiskParts } from './ramdisk-options.ts';

const FIELDS: { readonly [name: string]: Feature } = {
  callback_url: 'ramdisk-endpoints',
  agent_token: 'ramdisk-endpoints',
  agent_version: 'agent-version',
  agent_verify_ca: 'agent-verify-ca',
  agent_status: 'agent-status',
  agent_status_message: 'agent-status',
};

/** A certificate and some texts; all are flat, so that no nesting is read at all. */
const BODY_BYTES_MAX = 64 * 1_024;
const CERTIFICATE_CHARS_MAX = 16 * 1_024;

export const heartbeatRoute = (parts: RamdiskParts): Route => ({
  method: 'POST',
  path: '/v1/heartbeat/:ident',
  rule: 'public',
  bodyBytesMax: BODY_BYTES_MAX,
  handle: async (request, reply) => {
    if (!offers(request.minor, 'ramdisk-endpoints')) throw resourceMissing();
    const fields = readFields(request.body, request.minor);
    await countingWrongTokens(parts, request, {
      nodeIdent: (request.params as { readonly ident: string }).ident,
      callbackUrl: fields['callback_url'] as string,
      token: fields['agent_token'],
      agentVersion: fields['agent_version'],
      certificatePem: fields['agent_verify_ca'],
      status: fields['agent_status'],
      statusMessage: fields['agent_status_message'],
      sourceAddress: request.ip,
      requestId: request.id,
      signed: requestSignatureOf(request),
    });
    return reply.code(202).send();
  },
});

/** Whoever shows wrong tokens again and again is not answered any more for a while; see rate-limits.ts. */
const countingWrongTokens = async (
  parts: RamdiskParts,
  request: FastifyRequest,
  heartbeat: HeartbeatRequest,
): Promise<void> => {
  try {
    await parts.conductor.heartbeat(heartbeat);
  } catch (error) {
    if (isWrongToken(error)) noteWrongToken(parts, request, heartbeat);
    throw error;
  }
};

const isWrongToken = (error: unknown): boolean =>
  error instanceof Refusal &&
  (error.event?.startsWith('agent.token.') === true || error.message === BAD_TOKEN);

const noteWrongToken = (
  parts: RamdiskParts,
  request: FastifyRequest,
  heartbeat: HeartbeatRequest,
): void => {
  const ident = identOfHeartbeat(request);
  const isLast = parts.limits?.noteWrongToken(ident, request.ip, parts.clock.monotonicMs());
  if (isLast !== true) return;
  noteAside(parts, {
    name: 'agent.token.guessing',
    nodeUuid: asNodeUuid(ident),
    source: request.ip,
    agentVersion: heartbeat.agentVersion,
    requestId: request.id,
    outcome: 'refused',
  });
};

/** Every field is a text; null counts as not sent. */
const readFields = (body: unknown, minor: number): { [name: string]: string | undefined } => {
  if (!isJsonObject(body)) throw new Refusal(400, 'Missing mandatory parameter: callback_url');
  const fields: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(body)) {
    const since = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (since === undefined) throw unexpected(body);
    if (value === null) continue;
    if (!offers(minor, since)) {
      throw new Refusal(400, `Field "${name}" is not supported in this version of the API.`);
    }
    if (typeof value !== 'string') throw new Refusal(400, `Expected string for ${name}`);
    if (name === 'agent_verify_ca' && value.length > CERTIFICATE_CHARS_MAX) {
      throw new Refusal(400, `agent_verify_ca is longer than ${CERTIFICATE_CHARS_MAX} characters`);
    }
    fields[name] = value;
  }
  if (fields['callback_url'] === undefined) {
    throw new Refusal(400, 'Missing mandatory parameter: callback_url');
  }
  return fields;
};

const unexpected = (body: JsonObject): Refusal => {
  const names = Object.keys(body).filter((name) => !Object.hasOwn(FIELDS, name));
  return new Refusal(400, `Unexpected arguments: ${names.slice(0, 20).join(', ').slice(0, 500)}`);
};
