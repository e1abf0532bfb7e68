// GET /metrics, in the text format of Prometheus. Behind authentication like the rest: how often tokens are refused
// is nobody's business but the operator's.

import type { ApiParts } from '../api-parts.ts';
import type { Route } from '../route.ts';

export const metricsRoute = (parts: Pick<ApiParts, 'metrics'>): Route => ({
  method: 'GET',
  path: '/metrics',
  rule: 'bessemer:metrics:get',
  handle: async (_request, reply) => {
    const { contentType, text } = await parts.metrics.render();
    return reply.header('content-type', contentType).send(text);
  },
});
