// `node list`: the nodes, for a quick look. The openstack client shows more.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { type Format, renderListing } from '#output/format';
import type { Cell } from '#output/table';

import type { Session } from '../session.ts';

const FIELDS = ['uuid', 'name', 'power_state', 'provision_state', 'maintenance'] as const;
const PAGE_NODES_MAX = 1000;

export const listNodes = async (session: Session, format: Format): Promise<string> => {
  const nodes: JsonObject[] = [];
  for (;;) {
    const marker = nodes.at(-1)?.['uuid'];
    const after = typeof marker === 'string' ? `&marker=${marker}` : '';
    const path = `/v1/nodes?fields=${FIELDS.join(',')}&limit=${PAGE_NODES_MAX}${after}`;
    const page = nodesOf(await session.call('GET', path));
    nodes.push(...page);
    if (page.length < PAGE_NODES_MAX) break;
  }
  const data = nodes.map(({ links: _links, ...node }) => node);
  const rows = data.map((node) => FIELDS.map((field) => cellOf(node[field])));
  return renderListing({ columns: FIELDS, rows, data }, format);
};

const cellOf = (value: JsonValue | undefined): Cell =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value;

const nodesOf = (answer: JsonValue | undefined): readonly JsonObject[] => {
  const nodes = isJsonObject(answer) ? answer['nodes'] : undefined;
  return Array.isArray(nodes) ? nodes.filter(isJsonObject) : [];
};
