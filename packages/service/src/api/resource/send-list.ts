// A page of resources that have a field table: one query, one pass, and the link to the page after it.

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { PageRequest } from '#store/paging';

import { fieldsAt, type ResourceTable } from '@bessemer/protocol/resource/fields';

import { refuseMarker } from '../nodes/list-nodes.ts';
import { nextLink, readPage } from '../page-query.ts';
import type { Query } from '../query.ts';
import { askedFields, sortColumn } from './field-query.ts';
import { resourceText, type ShowSpecial } from './resource-text.ts';

export type ListRequest<Name extends string> = {
  readonly table: ResourceTable<Name>;
  readonly query: Query;
  readonly isDetail: boolean;
  /** Below `/v1/`, for the link to the next page. */
  readonly path: string;
  readonly maxLimit: number;
  readonly showSpecial?: ShowSpecial;
  readonly find: (page: PageRequest) => Promise<readonly { readonly uuid: string }[]>;
};

export const sendList = async <Name extends string>(
  request: FastifyRequest,
  reply: FastifyReply,
  list: ListRequest<Name>,
): Promise<FastifyReply> => {
  const { table, query } = list;
  const page = readPage(query, (name) => sortColumn(request, table, name), list.maxLimit);
  const fields =
    askedFields(request, table, query['fields']) ??
    (list.isDetail ? fieldsAt(table, request.minor) : table.summary);
  const records = await list.find(page).catch(refuseMarker);
  const texts = records.map((record) =>
    resourceText(table, record, fields, request, list.showSpecial),
  );
  const last = records.length === page.limit ? records.at(-1)?.uuid : undefined;
  const next = nextLink(request.base, list.path, query, page, last);
  return reply
    .header('content-type', 'application/json')
    .send(`{"${table.listKey ?? table.collection}":[${texts.join(',')}]${next}}`);
};
