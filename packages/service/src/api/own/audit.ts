// GET /bessemer/audit and GET /bessemer/nodes/{node}/audit: the log of events about trust, oldest first, page by page.

import { isoTime } from '#clock';
import { auditDetail, type AuditRow, listAudit } from '#store/audit';

import { AUDIT_EVENTS } from '@bessemer/protocol/events/audit-events';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import type { ApiParts } from '../api-parts.ts';
import { identOf, requireNode } from '../nodes/find-node.ts';
import { type Query, readCount, readQuery } from '../query.ts';
import type { Route } from '../route.ts';

const LIMIT_MAX = 1_000;
const ARGUMENTS = ['after', 'limit', 'event'] as const;

const entryOf = (row: AuditRow): JsonObject => ({
  seq: row.seq,
  at: isoTime(row.atMs),
  event: row.event,
  severity: row.severity,
  node: row.nodeUuid,
  session: row.sessionId,
  boot: row.bootNumber,
  source: row.source,
  agent_version: row.agentVersion,
  request: row.requestId,
  outcome: row.outcome,
  detail: auditDetail(row),
  hash: row.hash,
});

const requireEventName = (query: Query): string | undefined => {
  const { event } = query;
  if (event === undefined || Object.hasOwn(AUDIT_EVENTS, event)) return event;
  throw new Refusal(400, `There is no event ${event.slice(0, 100)}.`);
};

const page = async (
  parts: ApiParts,
  query: Query,
  nodeUuid: NodeUuid | undefined,
): Promise<string> => {
  const rows = await listAudit(parts.store.db, {
    afterSeq: readCount(query, 'after') ?? 0,
    limit: Math.min(readCount(query, 'limit') ?? LIMIT_MAX, LIMIT_MAX),
    event: requireEventName(query),
    nodeUuid,
  });
  return JSON.stringify({ audit: rows.map(entryOf) });
};

export const auditRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/bessemer/audit',
    rule: 'bessemer:audit:get',
    handle: async (request, reply) => {
      const text = await page(parts, readQuery(request, ARGUMENTS), undefined);
      return reply.header('content-type', 'application/json').send(text);
    },
  },
  {
    method: 'GET',
    path: '/bessemer/nodes/:ident/audit',
    rule: 'bessemer:audit:get',
    handle: async (request, reply) => {
      const query = readQuery(request, ARGUMENTS);
      // What happened to a node can be read after the node is gone.
      const uuid = asNodeUuid(identOf(request)) ?? (await requireNode(parts, request)).uuid;
      return reply.header('content-type', 'application/json').send(await page(parts, query, uuid));
    },
  },
];
