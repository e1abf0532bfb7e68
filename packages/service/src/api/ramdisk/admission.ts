// What is checked of a ramdisk's call before its body is read: whether there is an agent API at all, where the call
// comes from, how often it comes. What is refused here costs a header and no search.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { TrustEvent } from '#conductor/conductor';
import { loggedUrl } from '#observe/log';
import type { RamdiskCall } from '#observe/metrics';

import type { AgentEventName } from '@bessemer/protocol/events/agent-events';
import { Refusal } from '@bessemer/protocol/errors/refusal';

import { resourceMissing } from '../error-envelope.ts';
import { ramdiskCallOf } from './ramdisk-call.ts';
import type { RamdiskParts } from './ramdisk-options.ts';
import type { LimitVerdict, RateLimits } from './rate-limits.ts';
import { makeNetworkCheck } from './source-key.ts';

const denied = (request: FastifyRequest): Refusal =>
  new Refusal(403, `Access was denied to the following resource: ${loggedUrl(request.url)}`);

const DENIAL_EVENTS: { readonly [call in RamdiskCall]: AgentEventName } = {
  lookup: 'agent.lookup.denied',
  heartbeat: 'agent.source.denied',
  inspection: 'inspect.rejected',
};

/** Longest key by which what is asked for is told apart. */
const KEY_CHARS_MAX = 200;

/** What a lookup asks for, as it was sent: a node, or the MACs. */
const askedFor = (request: FastifyRequest): string => {
  const { node_uuid: uuid, addresses } = request.query as {
    readonly [name: string]: string | readonly string[] | undefined;
  };
  return String(uuid ?? addresses ?? '')
    .toLowerCase()
    .slice(0, KEY_CHARS_MAX);
};

export const identOfHeartbeat = (request: FastifyRequest): string =>
  (request.params as { readonly ident: string }).ident.toLowerCase().slice(0, KEY_CHARS_MAX);

const verdictOf = (
  limits: RateLimits,
  call: RamdiskCall,
  request: FastifyRequest,
  nowMs: number,
): LimitVerdict | undefined => {
  const source = request.ip;
  switch (call) {
    case 'lookup':
      return (
        limits.admitLookup(source, nowMs) ?? limits.admitLookupOf(askedFor(request), source, nowMs)
      );
    case 'heartbeat':
      return limits.admitHeartbeat(identOfHeartbeat(request), source, nowMs);
    case 'inspection':
      return undefined;
  }
};

/** Notes an event that nobody waits for: a store that is away must not turn a refusal into something else. */
export const noteAside = (parts: RamdiskParts, event: TrustEvent): void => {
  parts.conductor.noteEvent(event).catch((error: unknown) => {
    parts.log.error({ err: error, event: event.name }, 'an event could not be stored');
  });
};

export const addAdmission = (app: FastifyInstance, parts: RamdiskParts): void => {
  const { limits, clock, log } = parts;
  const { allowedNetworks = [] } = parts;
  const isListed = makeNetworkCheck(allowedNetworks);
  const isSourceAllowed = (source: string): boolean =>
    allowedNetworks.length === 0 || isListed(source);

  const refusalOf = (
    call: RamdiskCall,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Refusal | undefined => {
    if (parts.isDisabled) return denied(request);
    const source = request.ip;
    if (!isSourceAllowed(source)) {
      noteAside(parts, {
        name: DENIAL_EVENTS[call],
        source,
        requestId: request.id,
        outcome: 'refused',
        detail: { reason: 'network', path: loggedUrl(request.url) },
      });
      return call === 'lookup' ? resourceMissing() : denied(request);
    }
    const verdict = limits && verdictOf(limits, call, request, clock.monotonicMs());
    if (verdict === undefined) return undefined;
    const { status, retryAfterSeconds, isNews } = verdict;
    if (status === 429) parts.onLimited?.(source);
    reply.header('retry-after', retryAfterSeconds);
    if (isNews) log.warn({ request: request.id, source, call, status }, 'called too often');
    return new Refusal(status, `Too many requests; try again in ${retryAfterSeconds} seconds.`);
  };

  app.addHook('onRequest', (request, reply, done) => {
    const call = ramdiskCallOf(request);
    const refusal = call === undefined ? undefined : refusalOf(call, request, reply);
    // The rest of the body is not waited for.
    if (refusal !== undefined) reply.header('connection', 'close');
    done(refusal);
  });

  if (limits === undefined) return;
  app.addHook('onResponse', (request, reply, done) => {
    const isDenial = ramdiskCallOf(request) === 'lookup' && reply.statusCode === 404;
    if (isDenial && limits.noteDenial(request.ip, clock.monotonicMs())) {
      noteAside(parts, {
        name: 'agent.lookup.scan',
        source: request.ip,
        requestId: request.id,
        outcome: 'refused',
      });
    }
    done();
  });
};
