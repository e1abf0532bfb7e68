// A route as its file describes it, and how a list of them is put on a listener: version gates, 405 for the
// methods that a path does not have.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { type Feature, offers } from '@bessemer/protocol/microversion/features';

import { methodNotAllowed, notAcceptable, notFound } from './error-envelope.ts';

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

export type Handle = (request: FastifyRequest, reply: FastifyReply) => unknown;

export type Route = {
  readonly method: Method;
  /** With `:name` for variable segments. */
  readonly path: string;
  readonly handle: Handle;
  readonly since?: Feature;
  /** The answer below `since`; 404 when not said. */
  readonly statusBelow?: 404 | 405 | 406;
  readonly bodyBytesMax?: number;
  /** No authentication. */
  readonly isPublic?: boolean;
};

export const addRoutes = (app: FastifyInstance, routes: readonly Route[]): void => {
  const methodsOf = new Map<string, Set<Method>>();
  for (const route of routes) {
    const methods = methodsOf.get(route.path) ?? new Set();
    methods.add(route.method);
    methodsOf.set(route.path, methods);
    addRoute(app, route);
  }
  for (const [path, methods] of methodsOf) {
    const others = [...METHODS.filter((method) => !methods.has(method)), 'HEAD' as const];
    app.route({
      method: others,
      url: path,
      handler: (request) => {
        throw methodNotAllowed(request.method);
      },
    });
  }
};

const addRoute = (app: FastifyInstance, route: Route): void => {
  const { since, statusBelow = 404, handle } = route;
  app.route({
    method: route.method,
    url: route.path,
    config: { isPublic: route.isPublic === true },
    ...(route.bodyBytesMax === undefined ? {} : { bodyLimit: route.bodyBytesMax }),
    handler: async (request, reply) => {
      if (since !== undefined && !offers(request.minor, since)) throw below(statusBelow, request);
      return handle(request, reply);
    },
  });
};

const below = (status: 404 | 405 | 406, request: FastifyRequest): Error => {
  if (status === 404) return notFound();
  return status === 405 ? methodNotAllowed(request.method) : notAcceptable();
};
