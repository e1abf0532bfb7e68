// The listener for BMCs, agents and loaders: boot media, images and boot files by signed address, and nothing else. Whoever asks cannot
// log in: the signature in the path is the permission. No text of a request ever names a file of this host.

import { Readable } from 'node:stream';

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import type { Clock } from '#clock';
import type { FileSource, ServedFile, SignedAddress } from '#media/served-file';
import type { Log } from '#observe/log';

import { evaluateConditions } from './byte-range.ts';

export type BootListenerParts = {
  /** First part of the path to what is served below it. */
  readonly sources: { readonly [root: string]: FileSource };
  /** PEM; undefined for plain HTTP (`[boot] tls = false`). */
  readonly tls: { readonly key: string; readonly certificate: string } | undefined;
  readonly log: Log;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Told of who asked by a path that nothing has. */
  readonly onBadPath?: (source: string) => void;
};

const HEADERS_MS_MAX = 10_000;
const HEADER_BYTES_MAX = 8 * 1024;
/** No byte for so long: whoever reads has gone without saying so. */
const IDLE_MS_MAX = 120_000;
/** Each holds an open file. */
const CONNECTIONS_MAX = 2_000;
/** The longest part of a true address is a file name. */
const SEGMENT_CHARS_MAX = 255;

const REFUSALS = {
  denied: [403, 'The signature of this address is not right.'],
  gone: [410, 'This address is no longer valid.'],
  unknown: [404, 'There is nothing at this address.'],
} as const;

export const makeBootListener = (parts: BootListenerParts): FastifyInstance => {
  const refuseUnknown = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    parts.onBadPath?.(request.ip);
    return refuse(reply, ...REFUSALS.unknown);
  };
  const app = makeServer(parts.tls, refuseUnknown);
  app.server.headersTimeout = HEADERS_MS_MAX;
  app.server.maxConnections = CONNECTIONS_MAX;
  for (const [root, source] of Object.entries(parts.sources)) {
    app.route({
      method: ['GET', 'HEAD'],
      url: `/${root}/:id/:signature/:expires/:name`,
      handler: (request, reply) => serve(request, reply, root, source, parts),
    });
  }
  app.setNotFoundHandler(refuseUnknown);
  app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return refuse(reply, status, 'This request cannot be understood.');
    parts.log.error({ err: error, request: request.id }, 'a medium or image cannot be served');
    return refuse(reply, 500, 'This cannot be served now.');
  });
  return app;
};

const makeServer = (
  tls: BootListenerParts['tls'],
  refuseUnknown: (request: FastifyRequest, reply: FastifyReply) => FastifyReply,
): FastifyInstance => {
  const shared = {
    logger: false as const,
    exposeHeadRoutes: false,
    // Nobody has anything to send us.
    bodyLimit: 1,
    connectionTimeout: IDLE_MS_MAX,
    forceCloseConnections: true as const,
    routerOptions: { maxParamLength: SEGMENT_CHARS_MAX },
    // What the router cannot read; its own answer would repeat the address.
    frameworkErrors: (_error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      refuseUnknown(request, reply);
    },
  };
  const http = { maxHeaderSize: HEADER_BYTES_MAX };
  if (tls === undefined) return Fastify({ ...shared, http });
  const https = { ...http, key: tls.key, cert: tls.certificate, minVersion: 'TLSv1.2' as const };
  return Fastify({ ...shared, https });
};

const serve = async (
  request: FastifyRequest,
  reply: FastifyReply,
  root: string,
  source: FileSource,
  parts: BootListenerParts,
): Promise<FastifyReply> => {
  const startedMs = parts.clock.monotonicMs();
  const address = request.params as SignedAddress;
  const found = await source.find(address, request.ip);
  if (found.outcome !== 'found') {
    const from = request.ip;
    parts.log.warn({ root, id: address.id, outcome: found.outcome, from }, 'boot: refused');
    const [status, text] = REFUSALS[found.outcome];
    return refuse(reply, status, text);
  }
  reply.raw.once('close', () => {
    parts.log.debug(
      {
        root,
        id: address.id,
        status: reply.statusCode,
        range: request.headers.range?.slice(0, 100),
        milliseconds: Math.round(parts.clock.monotonicMs() - startedMs),
      },
      'boot: served',
    );
  });
  return answer(request, reply, found.file, parts.log);
};

const answer = async (
  request: FastifyRequest,
  reply: FastifyReply,
  file: ServedFile,
  log: Log,
): Promise<FastifyReply> => {
  const verdict = evaluateConditions(request.headers, file);
  reply
    .header('accept-ranges', 'bytes')
    .header('etag', file.etag)
    // Holds a token: no proxy may keep it.
    .header('cache-control', 'private, no-store');
  if (verdict.status === 304 || verdict.status === 412) {
    await file.close();
    return reply.code(verdict.status).send();
  }
  if (verdict.status === 416) {
    await file.close();
    reply.header('content-range', `bytes */${file.sizeBytes}`);
    return refuse(reply, 416, 'The range lies outside of the file.');
  }
  const { startBytes, endBytes } = verdict;
  reply
    .code(verdict.status)
    .header('content-type', file.contentType)
    .header('content-length', endBytes - startBytes);
  if (verdict.status === 206) {
    reply.header('content-range', `bytes ${startBytes}-${endBytes - 1}/${file.sizeBytes}`);
  }
  if (request.method === 'HEAD') {
    await file.close();
    return reply.send();
  }
  const stream = Readable.from(file.read(startBytes, endBytes), { objectMode: false });
  stream.once('close', () => {
    file.close().catch((error: unknown) => log.warn({ err: error }, 'boot: closing a file failed'));
  });
  return reply.send(stream);
};

const refuse = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply.code(status).type('text/plain; charset=utf-8').send(`${text}\n`);
