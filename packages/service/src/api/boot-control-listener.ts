// The control listener of a separate boot host: HTTPS, for the control plane alone. Whoever has no client certificate
// of its authority, or one that was made for something else, gets no further than the handshake.

import { TLSSocket } from 'node:tls';

import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import {
  BOOT_BYTES_MAX,
  BOOTS_PATH,
  CONDUCTOR_NAME_START,
  DENIALS_PATH,
  FILES_MISSING,
  FILES_PATH,
  isUuid,
  LEASES_PATH,
  parsePushedBoot,
} from '#netboot/remote/control-protocol';
import type { BootKeeper } from '#netboot/remote/boot-keeper';
import type { DenialLog } from '#netboot/remote/denial-log';
import type { Log } from '#observe/log';

export type BootControlParts = {
  readonly keeper: BootKeeper;
  readonly denials: Pick<DenialLog, 'since'>;
  /** PEM; `authority` is the control plane's. */
  readonly tls: { readonly key: string; readonly certificate: string; readonly authority: string };
  readonly log: Log;
};

const HEADERS_MS_MAX = 10_000;
const IDLE_MS_MAX = 60_000;
const CONNECTIONS_MAX = 64;
const FORBIDDEN = 403;

const isConductor = (socket: unknown): boolean =>
  socket instanceof TLSSocket &&
  socket.authorized &&
  String(socket.getPeerCertificate().subject?.CN).startsWith(CONDUCTOR_NAME_START);

export const makeBootControlListener = (parts: BootControlParts): FastifyInstance => {
  const { tls, log } = parts;
  const app = Fastify({
    logger: false,
    bodyLimit: BOOT_BYTES_MAX,
    connectionTimeout: IDLE_MS_MAX,
    forceCloseConnections: true,
    https: {
      key: tls.key,
      cert: tls.certificate,
      ca: tls.authority,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
  });
  app.server.headersTimeout = HEADERS_MS_MAX;
  app.server.maxConnections = CONNECTIONS_MAX;
  app.server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    log.warn(
      { from: socket.remoteAddress, reason: error.message },
      'control: refused at handshake',
    );
  });
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => {
    done(null, payload);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (isConductor(request.raw.socket)) return;
    log.warn({ from: request.ip }, 'control: a certificate of somebody else');
    await reply.code(FORBIDDEN).send();
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send());
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    const status = error instanceof Refusal ? error.status : (error.statusCode ?? 500);
    if (status >= 500) log.error({ err: error }, 'control: an order failed');
    return reply.code(status).send({ error: status >= 500 ? 'failed' : error.message });
  });
  addRoutes(app, parts);
  return app;
};

const addRoutes = (app: FastifyInstance, { keeper, denials, log }: BootControlParts): void => {
  const done = (reply: FastifyReply): FastifyReply => reply.code(204).send();
  app.get(BOOTS_PATH, async () => ({ boots: await keeper.list() }));
  app.put(`${BOOTS_PATH}/:id`, async (request, reply) => {
    const boot = parsePushedBoot(request.body);
    if (boot.id !== (request.params as { readonly id: string }).id) {
      throw new Refusal(400, 'the boot is not the one that the address names');
    }
    const missing = await keeper.prepare(boot);
    if (missing.length > 0) return reply.code(FILES_MISSING).send({ missing });
    log.info({ node: boot.nodeUuid, boot: boot.bootNumber }, 'control: boot opened');
    return done(reply);
  });
  app.delete(`${BOOTS_PATH}/:nodeUuid`, async (request, reply) => {
    const { nodeUuid } = request.params as { readonly nodeUuid: string };
    if (!isUuid(nodeUuid)) throw new Refusal(400, 'a boot is ended by the UUID of its node');
    await keeper.remove(nodeUuid);
    log.info({ node: nodeUuid }, 'control: boot ended');
    return done(reply);
  });
  app.put(`${FILES_PATH}/:sha256`, async (request, reply) => {
    const { sha256 } = request.params as { readonly sha256: string };
    if (
      request.body === undefined ||
      request.headers['content-type'] !== 'application/octet-stream'
    ) {
      throw new Refusal(415, 'files are sent as application/octet-stream');
    }
    await keeper.files.put(sha256, request.body as AsyncIterable<Buffer>);
    return done(reply);
  });
  app.get(DENIALS_PATH, (request, reply) => {
    const { run, after } = request.query as { readonly run?: unknown; readonly after?: unknown };
    return reply.send(denials.since(typeof run === 'string' ? run : '', Number(after) || 0));
  });
  app.get(LEASES_PATH, async () => ({ leases: await keeper.leases() }));
};
