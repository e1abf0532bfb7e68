// POST /v1/heartbeat/{node}. The busiest route of all: it checks shapes, asks the conductor, and answers 202 only
// when the heartbeat is durable. A wrong token is 400, not 401: stock agents expect it so.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { type Feature, offers } from '@bessemer/protocol/microversion/features';

import type { Route } from '../route.ts';
import { requireEnabled } from './endpoint-switch.ts';
import type { RamdiskParts } from './ramdisk-options.ts';

const FIELDS: { readonly [name: string]: Feature } = {
  callback_url: 'ramdisk-endpoints',
  agent_token: 'ramdisk-endpoints',
  agent_version: 'agent-version',
  agent_verify_ca: 'agent-verify-ca',
  agent_status: 'agent-status',
  agent_status_message: 'agent-status',
};

export const heartbeatRoute = (parts: RamdiskParts): Route => ({
  method: 'POST',
  path: '/v1/heartbeat/:ident',
  isPublic: true,
  handle: async (request, reply) => {
    requireEnabled(parts, request, offers(request.minor, 'ramdisk-endpoints'));
    const fields = readFields(request.body, request.minor);
    await parts.conductor.heartbeat({
      nodeIdent: (request.params as { readonly ident: string }).ident,
      callbackUrl: fields['callback_url'] as string,
      token: fields['agent_token'],
      agentVersion: fields['agent_version'],
      certificatePem: fields['agent_verify_ca'],
      status: fields['agent_status'],
      statusMessage: fields['agent_status_message'],
      sourceAddress: request.ip,
    });
    return reply.code(202).send();
  },
});

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
