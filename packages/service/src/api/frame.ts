// What both listeners have in common: request ids, authentication, version selection, bodies, errors. The order
// is routing, authentication, version, controller.

import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import { SIGNATURE_HEADER } from '@bessemer/protocol/agent/trust';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import { negotiate } from '@bessemer/protocol/microversion/negotiate';
import {
  MINOR_MAX,
  MINOR_MIN,
  VERSION_HEADER,
  VERSION_MAXIMUM_HEADER,
  VERSION_MINIMUM_HEADER,
  versionText,
} from '@bessemer/protocol/microversion/range';

import type { Log } from '#observe/log';
import { loggedUrl } from '#observe/log';
import { PUBLIC_CREDENTIALS } from '#policy/credentials';
import type { RuleName } from '#policy/rules';
import { isStoreUnavailable } from '#store/errors';

import type { Authenticate } from './authenticate.ts';
import { errorBody, GuardRefusal, notFound, RoutingRefusal } from './error-envelope.ts';
import { ramdiskCallOf } from './ramdisk/ramdisk-call.ts';
import { BODY_BYTES_MAX, readBody } from './read-body.ts';
import { baseUrl } from './request-context.ts';
import { rewriteUrl } from './rewrite-url.ts';
import { guardBodies } from './slow-body.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    rule?: RuleName | 'public';
  }
}

export type FrameTimes = {
  readonly headersMs: number;
  /** Headers and body together. */
  readonly requestMs: number;
  /** Longest pause within a body. */
  readonly bodyIdleMs?: number;
  /** How often connections are looked at; the limits are exact to so much. */
  readonly checkMs: number;
};

export type FrameOptions = {
  readonly log: Log;
  readonly authenticate: Authenticate;
  /** `[api] public_endpoint`: the base of links; the request's host when undefined. */
  readonly publicEndpoint: string | undefined;
  /** PEM; plain HTTP when undefined. */
  readonly tls: { readonly key: string; readonly certificate: string } | undefined;
  /** CIDR; only from there is X-Forwarded-For believed. */
  readonly trustedProxies?: readonly string[];
  readonly times?: FrameTimes;
};

const TIMES: FrameTimes = {
  // A client that needs longer to say what it wants is holding a connection, not using it.
  headersMs: 10_000,
  requestMs: 60_000,
  checkMs: 5_000,
};
/** Links to machines of sites are slow at times, but they do not stand still for so long. */
const BODY_IDLE_MS = 20_000;
const HEADER_BYTES_MAX = 16 * 1_024;
/** A name has at most 255 characters, percent-encoding triples them. */
const SEGMENT_CHARS_MAX = 765;

export const makeFrame = (options: FrameOptions): FastifyInstance => {
  const { trustedProxies = [], times = TIMES } = options;
  const server = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: times.headersMs,
    connectionsCheckingInterval: times.checkMs,
  };
  const shared = {
    logger: false as const,
    rewriteUrl,
    genReqId: () => `req-${randomUUID()}`,
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    requestTimeout: times.requestMs,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    forceCloseConnections: true as const,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: SEGMENT_CHARS_MAX },
    frameworkErrors: refusePath,
  };
  const app = (
    options.tls === undefined
      ? Fastify({ ...shared, http: server })
      : Fastify({
          ...shared,
          https: {
            key: options.tls.key,
            cert: options.tls.certificate,
            minVersion: 'TLSv1.2',
            handshakeTimeout: times.headersMs,
            ...server,
          },
        })
  ) as FastifyInstance;
  app.decorateRequest('minor', MINOR_MIN);
  app.decorateRequest('user', null);
  app.decorateRequest('credentials', null as never);
  app.decorateRequest('isRuleAsked', false);
  app.decorateRequest('base', '');
  app.decorateRequest('signedBody', '');

  addBodyParser(app);
  guardBodies(app, times.bodyIdleMs ?? BODY_IDLE_MS);
  addErrorHandling(app, options.log);
  app.addHook('onRequest', (request, reply, done) => {
    admit(request, reply, options, done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    options.log.debug(
      {
        request: request.id,
        method: request.method,
        path: loggedUrl(request.url),
        status: reply.statusCode,
        milliseconds: Math.round(reply.elapsedTime),
        user: request.user,
      },
      'request',
    );
    done();
  });
  return app;
};

const identify = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.header('openstack-request-id', request.id).header('x-openstack-request-id', request.id);

/** A path that the router cannot read gets here before any hook is called: it is nobody's, so no login is asked for. */
const refusePath = (
  { code }: { readonly code: string },
  request: FastifyRequest,
  reply: FastifyReply,
): void => {
  const refusal =
    code === 'FST_ERR_MAX_PARAM_LENGTH'
      ? notFound()
      : new RoutingRefusal(400, 'The path of the request is not valid UTF-8 in percent-encoding.');
  void identify(request, reply)
    .code(refusal.status)
    .header('content-type', 'application/json')
    .send(errorBody(refusal));
};

const admit = (
  request: FastifyRequest,
  reply: FastifyReply,
  options: FrameOptions,
  done: (error?: Error) => void,
): void => {
  identify(request, reply);
  request.base = baseUrl(request, options.publicEndpoint);
  request.credentials = PUBLIC_CREDENTIALS;
  if (request.method === 'OPTIONS') {
    reply.code(200).send();
    return;
  }
  if (request.routeOptions.config?.rule === 'public') {
    done(selectVersion(request, reply));
    return;
  }
  const answer = options.authenticate(request.raw.headers);
  if (answer instanceof Promise) {
    answer.then((each) => conclude(each, request, reply, done), done);
  } else conclude(answer, request, reply, done);
};

const conclude = (
  answer: Awaited<ReturnType<Authenticate>>,
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
): void => {
  if (answer.outcome === 'refused') {
    reply
      .code(answer.status)
      .headers(answer.headers)
      .header('content-type', 'application/json')
      .send(answer.body);
    return;
  }
  request.user = answer.user;
  request.credentials = answer.credentials;
  done(request.is404 ? undefined : selectVersion(request, reply));
};

const selectVersion = (request: FastifyRequest, reply: FastifyReply): Error | undefined => {
  const negotiation = negotiate(request.raw.headers);
  reply
    .header(VERSION_MINIMUM_HEADER, versionText(MINOR_MIN))
    .header(VERSION_MAXIMUM_HEADER, versionText(MINOR_MAX));
  if (negotiation.outcome === 'refused') return new RoutingRefusal(406, negotiation.text);
  request.minor = negotiation.minor;
  reply.header(VERSION_HEADER, versionText(negotiation.minor));
  return undefined;
};

const addBodyParser = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    try {
      // Decoded loosely it would be stored as something that nobody sent.
      if (!isUtf8(bytes)) throw new Refusal(400, 'The request body is not valid UTF-8');
      const body = bytes.toString('utf8');
      if (request.headers[SIGNATURE_HEADER] !== undefined) request.signedBody = body;
      done(null, readBody(body, { isOfMachine: ramdiskCallOf(request) !== undefined }));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
};

const BODY_TOO_LARGE = 'FST_ERR_CTP_BODY_TOO_LARGE';

const addErrorHandling = (app: FastifyInstance, log: Log): void => {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error, request, log);
    return reply
      .code(refusal.status)
      .header('content-type', 'application/json')
      .send(errorBody(refusal));
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).header('content-type', 'application/json').send(errorBody(notFound())),
  );
};

const refusalOf = (error: unknown, request: FastifyRequest, log: Log): Refusal => {
  if (error instanceof Refusal) return error;
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  if (code === BODY_TOO_LARGE) return new GuardRefusal(413, 'Request body is too large');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Refusal(statusCode, (error as Error).message);
  }
  const facts = { request: request.id, method: request.method, path: loggedUrl(request.url) };
  if (isStoreUnavailable(error)) {
    log.error({ ...facts, err: error }, 'the store did not take or answer a request');
    return new Refusal(
      503,
      'The store of the service cannot be used now: its disk is full or it is away. Nothing was changed.',
    );
  }
  log.error({ ...facts, err: error }, 'a request failed by a defect');
  return new Refusal(500, `Unexpected error, see the log of the service for ${request.id}`);
};
