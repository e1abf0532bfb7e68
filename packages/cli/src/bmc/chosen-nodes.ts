// Which nodes a command is about: one, or all, or all of a conductor group. And what became of each of them.

import { isJsonObject } from '@bessemer/protocol/json';

import { type Format, renderListing } from '#output/format';
import type { Cell } from '#output/table';

import { CliFailure } from '../cli-failure.ts';
import type { Session } from '../session.ts';

export type NodeChoice = {
  readonly node: string | undefined;
  readonly all?: boolean | undefined;
  readonly group?: string | undefined;
};

export type ChosenNode = { readonly ident: string; readonly label: string };

const PAGE_NODES_MAX = 1_000;
/** Each is one short request; the service spreads the work itself. */
const REQUESTS_MAX = 8;

export const chooseNodes = async (
  session: Session,
  { node, all = false, group }: NodeChoice,
): Promise<readonly ChosenNode[]> => {
  if (node !== undefined) {
    if (all || group !== undefined) {
      throw new CliFailure('usage', 'name a node, or say --all or --group, not both');
    }
    return [{ ident: node, label: node }];
  }
  if (!all && group === undefined) throw new CliFailure('usage', 'name a node, or say --all');
  const nodes: ChosenNode[] = [];
  const filter = group === undefined ? '' : `&conductor_group=${encodeURIComponent(group)}`;
  for (;;) {
    const last = nodes.at(-1);
    const after = last === undefined ? '' : `&marker=${last.ident}`;
    const page = await session.call(
      'GET',
      `/v1/nodes?fields=uuid,name&limit=${PAGE_NODES_MAX}${filter}${after}`,
    );
    const found = isJsonObject(page) && Array.isArray(page['nodes']) ? page['nodes'] : [];
    for (const each of found.filter(isJsonObject)) {
      const { uuid, name } = each;
      if (typeof uuid === 'string') {
        nodes.push({ ident: uuid, label: typeof name === 'string' ? name : uuid });
      }
    }
    if (found.length < PAGE_NODES_MAX) return nodes;
  }
};

export type NodeOutcome = {
  readonly node: string;
  readonly isGood: boolean;
  readonly cells: readonly Cell[];
  readonly data: unknown;
};

export type Outcomes = { readonly text: string; readonly isGood: boolean };

/** A refusal for one of many is a line of the answer; for a single one it is the answer. */
export const forEachNode = async (
  nodes: readonly ChosenNode[],
  columns: readonly string[],
  format: Format,
  work: (node: ChosenNode) => Promise<Omit<NodeOutcome, 'node'>>,
): Promise<Outcomes> => {
  const outcomes: NodeOutcome[] = Array.from({ length: nodes.length });
  const queue = nodes.entries();
  const worker = async (): Promise<void> => {
    for (const [index, node] of queue) {
      outcomes[index] = { node: node.label, ...(await outcomeOf(nodes.length, node, work)) };
    }
  };
  await Promise.all(Array.from({ length: Math.min(REQUESTS_MAX, nodes.length) }, worker));
  const [first] = outcomes;
  return {
    isGood: outcomes.every(({ isGood }) => isGood),
    text: renderListing(
      {
        columns: ['node', ...columns],
        rows: outcomes.map(({ node, cells }) => [node, ...cells]),
        data: nodes.length === 1 && first !== undefined ? first.data : outcomes.map(namedData),
      },
      format,
    ),
  };
};

const namedData = ({ node, data }: NodeOutcome): unknown =>
  isJsonObject(data) ? { node, ...data } : { node, result: data };

const outcomeOf = async (
  count: number,
  node: ChosenNode,
  work: (node: ChosenNode) => Promise<Omit<NodeOutcome, 'node'>>,
): Promise<Omit<NodeOutcome, 'node'>> => {
  try {
    return await work(node);
  } catch (error) {
    if (count === 1 || !(error instanceof CliFailure)) throw error;
    return { isGood: false, cells: [error.message], data: { error: error.message } };
  }
};
