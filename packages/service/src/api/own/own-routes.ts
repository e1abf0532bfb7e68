// What plain clients cannot show: why a node is where it is, its journal, what was done to its disks, who
// tried what with its agent.

import { listErasures } from '#store/erasures';

import type { WhyReport } from '@bessemer/protocol/node/why-report';

import type { ApiParts } from '../api-parts.ts';
import { requireNode } from '../nodes/find-node.ts';
import { hiddenLastError } from '../nodes/shown-views.ts';
import { readCount, readQuery } from '../query.ts';
import type { Route } from '../route.ts';
import { auditRoutes } from './audit.ts';
import { breakGlassRoutes } from './bmc-break-glass.ts';
import { eventsRoute } from './events.ts';
import { metricsRoute } from './metrics.ts';

const JOURNAL_LIMIT_MAX = 1_000;
const ERASURES_MAX = 1_000;

const erasureObject = (record: Awaited<ReturnType<typeof listErasures>>[number]): object => ({
  disk: record.diskName,
  serial: record.diskSerial,
  sizeBytes: record.diskBytes,
  method: record.method,
  detail: record.detail,
  summary: record.summary,
  workflow: record.workflowId,
  at: record.createdAt,
});

/** Why it failed is what `last_error` says; what helps against it tells the same. */
const withoutFailure = (report: WhyReport, instead: string): WhyReport =>
  report.failure === null
    ? report
    : { ...report, failure: { code: report.failure.code, text: instead }, remedy: null };

export const ownRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/bessemer/nodes/:ident/why',
    rule: 'bessemer:node:why',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const report = await parts.conductor.why(node.uuid);
      const hidden = await hiddenLastError(parts, request, node);
      const shown = hidden === undefined ? report : withoutFailure(report, hidden);
      return reply.header('content-type', 'application/json').send(JSON.stringify(shown));
    },
  },
  {
    method: 'GET',
    path: '/bessemer/nodes/:ident/journal',
    rule: 'bessemer:node:journal',
    asked: 'with-object',
    handle: async (request, reply) => {
      const query = readQuery(request, ['after', 'limit']);
      const node = await requireNode(parts, request);
      const entries = await parts.conductor.journal(node.uuid, {
        afterSeq: readCount(query, 'after') ?? 0,
        limit: Math.min(readCount(query, 'limit') ?? JOURNAL_LIMIT_MAX, JOURNAL_LIMIT_MAX),
      });
      return reply.header('content-type', 'application/json').send(JSON.stringify({ entries }));
    },
  },
  eventsRoute(parts),
  {
    method: 'GET',
    path: '/bessemer/nodes/:ident/erasures',
    rule: 'bessemer:node:erasures',
    asked: 'with-object',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const records = await listErasures(parts.store.db, node.uuid, { limit: ERASURES_MAX });
      const erasures = records.map(erasureObject);
      return reply.header('content-type', 'application/json').send(JSON.stringify({ erasures }));
    },
  },
  ...auditRoutes(parts),
  ...breakGlassRoutes(parts),
  metricsRoute(parts),
];
