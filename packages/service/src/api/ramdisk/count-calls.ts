// Counts what ramdisks ask and how it ends, at one place: whatever refuses a call, its status is counted.

import type { FastifyInstance } from 'fastify';

import type { CallOutcome, Metrics } from '#observe/metrics';

import { ramdiskCallOf } from './ramdisk-call.ts';

const REFUSALS: { readonly [status: number]: CallOutcome } = {
  403: 'disabled',
  404: 'denied',
  409: 'locked',
  413: 'too-large',
  429: 'limited',
  503: 'overloaded',
};

const outcomeOf = (status: number): CallOutcome => {
  if (status < 400) return 'accepted';
  return REFUSALS[status] ?? (status < 500 ? 'refused' : 'failed');
};

/** Answered lookups are counted by their route, which knows what they were answered with. */
export const countCalls = (app: FastifyInstance, metrics: Metrics | undefined): void => {
  if (metrics === undefined) return;
  app.addHook('onResponse', (request, reply, done) => {
    const call = ramdiskCallOf(request);
    const outcome = outcomeOf(reply.statusCode);
    if (call !== undefined && (call !== 'lookup' || outcome !== 'accepted')) {
      metrics.countCall(call, outcome);
    }
    done();
  });
};
