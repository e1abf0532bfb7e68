// GET /v1/lookup: a ramdisk asks which node it runs on. Not found, wrong state and closed window are one and the
// same 404, so that the answer tells a stranger nothing.

import type { LookupAnswer } from '#conductor/conductor';

import { TOKEN_MASK } from '@bessemer/protocol/agent/token';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { asNodeUuid } from '@bessemer/protocol/uuid';

import { resourceMissing } from '../error-envelope.ts';
import { linkPair } from '../links.ts';
import { asList, readQuery } from '../query.ts';
import type { Route } from '../route.ts';
import { lookupProofOf } from './agent-proof.ts';
import type { RamdiskParts } from './ramdisk-options.ts';

const MAC_PATTERN = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
/** No machine has more network cards; each costs a search. */
const ADDRESSES_MAX = 256;

export const lookupRoute = (parts: RamdiskParts): Route => ({
  method: 'GET',
  path: '/v1/lookup',
  rule: 'public',
  handle: async (request, reply) => {
    if (!offers(request.minor, 'ramdisk-endpoints')) throw resourceMissing();
    const query = readQuery(request, ['addresses', 'node_uuid']);
    // Network cards of other kinds (InfiniBand) have longer addresses; they are left out, not refused.
    const addresses = (asList(query['addresses']) ?? [])
      .filter((address) => MAC_PATTERN.test(address))
      .slice(0, ADDRESSES_MAX);
    const asked = query['node_uuid'];
    const nodeUuid = asked === undefined ? undefined : asNodeUuid(asked);
    if (asked !== undefined && nodeUuid === undefined) {
      throw new Refusal(400, `Expected UUID for node_uuid: ${asked.slice(0, 100)}`);
    }
    if (addresses.length === 0 && nodeUuid === undefined) {
      throw new Refusal(400, "At least one of 'addresses' and 'node_uuid' parameters is required");
    }
    const answer = await parts.conductor.lookup({
      addresses,
      nodeUuid,
      sourceAddress: request.ip,
      minor: request.minor,
      requestId: request.id,
      proof: lookupProofOf(request),
    });
    if (answer === undefined) throw resourceMissing();
    parts.metrics?.countCall('lookup', isGrant(answer) ? 'granted' : 'masked');
    return reply.header('content-type', 'application/json').send(lookupText(answer, request.base));
  },
});

/** The token itself, or sealed to a key of the agent. */
const isGrant = ({ config }: LookupAnswer): boolean => {
  const { agent_token: token, bessemer } = config;
  return token !== TOKEN_MASK || (isJsonObject(bessemer) && bessemer['sealed_token'] !== undefined);
};

export const lookupText = (answer: LookupAnswer, base: string): string => {
  const node = JSON.stringify(answer.node);
  const links = linkPair(base, `nodes/${answer.node.uuid}`);
  return `{"node":${node.slice(0, -1)},"links":${links}},"config":${JSON.stringify(answer.config)}}`;
};
