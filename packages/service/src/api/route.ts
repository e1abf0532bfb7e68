// A route as its file describes it, and how a list of them is put on a listener: version gates, 405 for the
// methods that a path does not have, and the policy: no answer leaves a route whose rule nobody asked.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { RuleName } from '#policy/rules';

import { type Feature, offers } from '@bessemer/protocol/microversion/features';

import { authorize, type PolicyParts } from './access/authorize.ts';
import { methodNotAllowed, notAcceptable, notFound } from './error-envelope.ts';

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

export type Handle = (request: FastifyRequest, reply: FastifyReply) => unknown;

export type Route = {
  readonly method: Method;
  /** With `:name` for variable segments. */
  readonly path: string;
  /** What the policy is asked; `public`: no login, and the handler asks what there is to ask. */
  readonly rule: RuleName | 'public';
  /**
   * When it is asked: before the handler is called, for rules that know no object (the default), or by the handler,
   * once it knows whose object it is about.
   */
  readonly asked?: 'first' | 'with-object';
  readonly handle: Handle;
  readonly since?: Feature;
  /** The answer below `since`; 404 when not said. */
  readonly statusBelow?: 404 | 405 | 406;
  /** There only to say no in the right words; the reference does not speak of it. */
  readonly isRefusal?: boolean;
  readonly bodyBytesMax?: number;
};

export const addRoutes = (
  app: FastifyInstance,
  parts: PolicyParts,
  routes: readonly Route[],
): void => {
  const methodsOf = new Map<string, Set<Method>>();
  for (const route of routes) {
    const methods = methodsOf.get(route.path) ?? new Set();
    methods.add(route.method);
    methodsOf.set(route.path, methods);
    addRoute(app, parts, route);
  }
  for (const [path, methods] of methodsOf) {
    const others = [...METHODS.filter((method) => !methods.has(method)), 'HEAD' as const];
    const ofPath = routes.filter((route) => route.path === path);
    // Whoever may ask without a login is told so without one, too.
    const isPublic = ofPath.every(({ rule }) => rule === 'public');
    app.route({
      method: others,
      url: path,
      ...(isPublic ? { config: { rule: 'public' as const } } : {}),
      handler: (request) => {
        const isThere = ofPath.some((route) => !isHidden(route, request));
        throw isThere ? methodNotAllowed(request.method) : notFound();
      },
    });
  }
};

const addRoute = (app: FastifyInstance, parts: PolicyParts, route: Route): void => {
  const { since, statusBelow = 404, handle, rule, asked = 'first' } = route;
  app.route({
    method: route.method,
    url: route.path,
    config: { rule },
    ...(route.bodyBytesMax === undefined ? {} : { bodyLimit: route.bodyBytesMax }),
    ...(rule === 'public' ? {} : { onSend: refuseUnasked }),
    handler: async (request, reply) => {
      if (since !== undefined && !offers(request.minor, since)) throw below(statusBelow, request);
      if (rule !== 'public' && asked === 'first') await authorize(parts, request, rule);
      return handle(request, reply);
    },
  });
};

/** Below its version such a path is not there, whatever the method. */
const isHidden = ({ since, statusBelow = 404 }: Route, { minor }: FastifyRequest): boolean =>
  since !== undefined && statusBelow === 404 && !offers(minor, since);

/** A defect of ours must not become an open door: what was answered without asking is not sent. */
const refuseUnasked = (
  request: FastifyRequest,
  reply: FastifyReply,
  _payload: unknown,
  done: (error?: Error) => void,
): void => {
  const isAnswer = reply.statusCode < 400;
  done(
    isAnswer && !request.isRuleAsked
      ? new Error(`nobody asked the policy about ${request.method} ${request.routeOptions.url}`)
      : undefined,
  );
};

const below = (status: 404 | 405 | 406, request: FastifyRequest): Error => {
  if (status === 404) return notFound();
  return status === 405 ? methodNotAllowed(request.method) : notAcceptable();
};
