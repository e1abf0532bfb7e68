// GET /v1/nodes/{node}/history and one entry of it.

import type { FastifyRequest } from 'fastify';

import { findHistoryEntry, type HistoryEntry, listHistory } from '#store/history';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { offers } from '@bessemer/protocol/microversion/features';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { ApiParts } from '../api-parts.ts';
import { nextLink, PAGE_ARGUMENTS, readPage } from '../page-query.ts';
import { asFlag, readQuery } from '../query.ts';
import type { Route } from '../route.ts';
import { requireNode } from './find-node.ts';
import { refuseMarker } from './list-nodes.ts';

/** In the short form a long event is cut, with dots. */
const EVENT_CHARS_MAX = 255;
const EVENT_CHARS_KEPT = 251;

/** What `node history list --long` of the command line asks for, which the original takes for the name of an entry. */
const DETAIL_PATH = '/v1/nodes/:ident/history/detail';

const historyList = (parts: ApiParts, path: string): Route => ({
  method: 'GET',
  path,
  rule: 'baremetal:node:history:get',
  asked: 'with-object',
  since: 'history',
  handle: async (request, reply) => {
    const query = readQuery(request, [...PAGE_ARGUMENTS, 'detail']);
    const isDetailed = path === DETAIL_PATH || asFlag('detail', query['detail']) === true;
    const order = { ...query, sort_key: query['sort_key'] ?? 'created_at' };
    const page = readPage(
      order,
      (name) => (name === 'created_at' ? 'id' : undefined),
      parts.options.maxLimit,
    );
    const node = await requireNode(parts, request);
    const entries = await listHistory(parts.store.db, node.uuid, page).catch(refuseMarker);
    const history = JSON.stringify(
      entries.map((entry) => entryObject(request, node, entry, isDetailed)),
    );
    const last = entries.length === page.limit ? entries.at(-1)?.uuid : undefined;
    const next = nextLink(
      request.base,
      `nodes/${node.uuid}/history${path === DETAIL_PATH ? '/detail' : ''}`,
      order,
      page,
      last,
    );
    return reply.header('content-type', 'application/json').send(`{"history":${history}${next}}`);
  },
});

export const historyRoutes = (parts: ApiParts): readonly Route[] => [
  historyList(parts, '/v1/nodes/:ident/history'),
  historyList(parts, DETAIL_PATH),
  {
    method: 'GET',
    path: '/v1/nodes/:ident/history/:entry',
    rule: 'baremetal:node:history:get',
    asked: 'with-object',
    since: 'history',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const { entry: uuid } = request.params as { readonly entry: string };
      const entry = await findHistoryEntry(parts.store.db, node.uuid, uuid);
      if (entry === undefined) {
        throw new Refusal(404, `Node history record ${uuid.slice(0, 100)} could not be found.`);
      }
      return reply
        .header('content-type', 'application/json')
        .send(JSON.stringify(entryObject(request, node, entry, true)));
    },
  },
];

const entryObject = (
  request: FastifyRequest,
  node: NodeRecord,
  entry: HistoryEntry,
  isDetailed: boolean,
): object => {
  const isCut = !isDetailed && entry.event.length > EVENT_CHARS_MAX;
  const short = {
    uuid: entry.uuid,
    created_at: entry.createdAt,
    severity: entry.severity,
    event: isCut ? `${entry.event.slice(0, EVENT_CHARS_KEPT)}...` : entry.event,
    links: [{ href: `${request.base}/v1/nodes/${node.uuid}/history/${entry.uuid}`, rel: 'self' }],
  };
  if (!isDetailed) return short;
  return {
    ...short,
    event_type: entry.eventType,
    conductor: entry.conductor,
    user: entry.user,
    ...(offers(request.minor, 'history-project') ? { project: entry.project } : {}),
    ...(offers(request.minor, 'history-state')
      ? {
          state: entry.state,
          target_provision_state: entry.targetProvisionState,
          duration_seconds: entry.durationMs === null ? null : entry.durationMs / 1_000,
        }
      : {}),
  };
};
