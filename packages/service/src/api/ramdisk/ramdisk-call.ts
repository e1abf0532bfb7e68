// Which of the calls of ramdisks a request is; undefined for everything else that the listener answers.

import type { FastifyRequest } from 'fastify';

import type { RamdiskCall } from '#observe/metrics';

const CALLS: { readonly [methodAndPath: string]: RamdiskCall } = {
  'GET /v1/lookup': 'lookup',
  'POST /v1/heartbeat/:ident': 'heartbeat',
  'POST /v1/continue_inspection': 'inspection',
};

export const ramdiskCallOf = (request: FastifyRequest): RamdiskCall | undefined =>
  CALLS[`${request.method} ${request.routeOptions.url}`];
