// GET /bessemer/nodes/{node}/events: the journal as server-sent events, from a point on. A client that comes back
// says with Last-Event-ID where it stopped, so nothing is missed. One stream is one loop: read what is there, send,
// wait for the next journal line.

import type { ServerResponse } from 'node:http';

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Conductor } from '#conductor/conductor';
import { findNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { may, ruleOfRoute } from '../access/authorize.ts';
import { nodeTarget } from '../access/node-access.ts';
import type { ApiParts } from '../api-parts.ts';
import { requireNode } from '../nodes/find-node.ts';
import { readCount, readQuery } from '../query.ts';
import type { Route } from '../route.ts';

/** Each holds a connection; more viewers than this belong behind something that fans out. */
const STREAMS_MAX = 200;
const BATCH = 200;
/** Proxies close connections that are silent for a minute. */
const KEEP_ALIVE_MS = 20_000;
/** Then a client has to come back, and log in again: a token that has ended must not hear for ever. */
const STREAM_MS_MAX = 3_600_000;

export const eventsRoute = (parts: ApiParts): Route => {
  let open = 0;
  return {
    method: 'GET',
    path: '/bessemer/nodes/:ident/events',
    rule: 'bessemer:node:journal',
    asked: 'with-object',
    handle: async (request, reply) => {
      const afterSeq = startOf(request);
      const node = await requireNode(parts, request);
      if (open >= STREAMS_MAX) {
        throw new Refusal(503, `There are already ${STREAMS_MAX} event streams.`);
      }
      open += 1;
      const untilMs = parts.clock.monotonicMs() + STREAM_MS_MAX;
      const isAllowed = async (): Promise<boolean> => {
        const now = await findNode(parts.store.db, node.uuid);
        if (now === undefined || parts.clock.monotonicMs() > untilMs) return false;
        return may(parts, request, ruleOfRoute(request), nodeTarget(now));
      };
      const response = takeOver(reply);
      try {
        await stream(parts, { node: node.uuid, afterSeq, isAllowed }, response);
      } catch (error) {
        parts.log.warn({ request: request.id, err: error }, 'an event stream ended early');
      } finally {
        open -= 1;
        response.end();
      }
      return reply;
    },
  };
};

const startOf = (request: FastifyRequest): number => {
  const query = readQuery(request, ['after']);
  const last = request.headers['last-event-id'];
  return readCount(typeof last === 'string' ? { after: last } : query, 'after') ?? 0;
};

/** From here on the response is ours: Fastify must not touch it again. */
const takeOver = (reply: FastifyReply): ServerResponse => {
  reply.hijack();
  const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream' };
  reply.raw.writeHead(200, { ...headers, 'cache-control': 'no-store' } as NodeJS.Dict<string>);
  reply.raw.flushHeaders();
  return reply.raw;
};

type Watched = {
  readonly node: NodeUuid;
  readonly afterSeq: number;
  /** Who may look now may not do so for ever: nodes change hands, and logins end. */
  readonly isAllowed: () => Promise<boolean>;
};

const stream = async (
  parts: ApiParts,
  { node, afterSeq, isAllowed }: Watched,
  response: ServerResponse,
): Promise<void> => {
  let seq = afterSeq;
  const waiter = makeWaiter(parts, parts.conductor, node, response);
  try {
    while (!response.destroyed && (await isAllowed())) {
      const entries = await parts.conductor.journal(node, { afterSeq: seq, limit: BATCH });
      let isRoom = true;
      for (const entry of entries) {
        isRoom = response.write(`id: ${entry.seq}\ndata: ${JSON.stringify(entry)}\n\n`);
        seq = entry.seq;
      }
      if (entries.length < BATCH || !isRoom) await waiter.next(isRoom);
    }
  } finally {
    waiter.end();
  }
};

type Waiter = {
  /** Until there may be something to send, or, when the client is slow, until it has read. */
  readonly next: (isRoom: boolean) => Promise<void>;
  readonly end: () => void;
};

const makeWaiter = (
  parts: ApiParts,
  conductor: Conductor,
  node: NodeUuid,
  response: ServerResponse,
): Waiter => {
  let isPending = false;
  let wake: () => void = () => undefined;
  const call = (): void => {
    isPending = true;
    wake();
  };
  const unlisten = conductor.onJournal(node, call);
  response.once('close', call);
  return {
    next: async (isRoom) => {
      if (!isRoom && !response.destroyed) {
        await new Promise<void>((resolve) => {
          response.once('drain', resolve);
          response.once('close', resolve);
        });
        return;
      }
      if (!isPending) {
        const cancel = parts.clock.after(KEEP_ALIVE_MS, () => {
          response.write(': still here\n\n');
          call();
        });
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        cancel();
      }
      isPending = false;
    },
    end: unlisten,
  };
};
