// Traits of a node: what it has that some instances need.

import { changeNodeTraits } from '#store/node-traits';
import { findNode } from '#store/nodes';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { requireTraitName } from '@bessemer/protocol/trait/trait-name';

import type { ApiParts } from '../api-parts.ts';
import { readArguments, requireObjectBody } from '../query.ts';
import type { Route } from '../route.ts';
import { identOf, nodeLocked, nodeMissing, refuseLocked, requireNode } from './find-node.ts';

const COLLECTION = '/v1/nodes/:ident/traits';
const ONE = `${COLLECTION}/:trait`;
const TRAITS_MAX = 50;

const SHOW = { since: 'traits', statusBelow: 406, asked: 'with-object' } as const;
const SET = { since: 'traits', statusBelow: 405, asked: 'with-object' } as const;
const DELETE = { since: 'traits', statusBelow: 404, asked: 'with-object' } as const;

export const traitRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: COLLECTION,
    rule: 'baremetal:node:traits:list',
    ...SHOW,
    handle: async (request, reply) => {
      const { traits } = await requireNode(parts, request);
      return reply
        .header('content-type', 'application/json')
        .send(JSON.stringify({ traits: [...traits].sort() }));
    },
  },
  {
    method: 'PUT',
    path: COLLECTION,
    rule: 'baremetal:node:traits:set',
    ...SET,
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const wanted = readTraits(requireObjectBody(request));
      await write(parts, node, () => wanted);
      return reply.code(204).send();
    },
  },
  {
    method: 'DELETE',
    path: COLLECTION,
    rule: 'baremetal:node:traits:delete',
    ...DELETE,
    handle: async (request, reply) => {
      await write(parts, await requireNode(parts, request), () => []);
      return reply.code(204).send();
    },
  },
  {
    method: 'PUT',
    path: ONE,
    rule: 'baremetal:node:traits:set',
    ...SET,
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      // The trait is in the path; more would be another one.
      readArguments(request, []);
      const trait = requireTraitName('trait', traitOf(request.params));
      await write(parts, node, (traits) => [...traits, trait]);
      const location = `${request.base}/v1/nodes/${identOf(request)}/traits/${trait}`;
      return reply.code(204).header('location', location).send();
    },
  },
  {
    method: 'DELETE',
    path: ONE,
    rule: 'baremetal:node:traits:delete',
    ...DELETE,
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const trait = traitOf(request.params);
      await write(parts, node, (traits) => {
        if (traits.includes(trait)) return traits.filter((each) => each !== trait);
        throw new Refusal(404, `Node ${node.uuid} doesn't have a trait '${trait.slice(0, 255)}'`);
      });
      return reply.code(204).send();
    },
  },
];

const traitOf = (params: unknown): string => (params as { readonly trait: string }).trait;

const readTraits = (body: JsonObject): readonly string[] => {
  const { traits, ...rest } = body;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) {
    throw new Refusal(400, `Unexpected arguments: ${extra.slice(0, 100)}; only traits is allowed`);
  }
  if (!Array.isArray(traits)) {
    throw new Refusal(400, 'traits: a list of trait names is needed');
  }
  return [...new Set(traits.map((each) => requireTraitName('traits', each)))];
};

const write = async (
  { store, conductor }: ApiParts,
  node: NodeRecord,
  change: (traits: readonly string[]) => readonly string[],
): Promise<void> => {
  refuseLocked(node);
  const isWritten = await changeNodeTraits(store.db, node, (traits) => {
    const wanted = change(traits);
    const count = new Set(wanted).size;
    if (count > TRAITS_MAX) throw tooMany(node, count);
    return wanted;
  });
  if (isWritten) return;
  const after = await findNode(store.db, node.uuid);
  if (after === undefined) throw nodeMissing(node.uuid);
  throw nodeLocked({ ...after, reservation: after.reservation ?? conductor.hostname });
};

const tooMany = (node: NodeRecord, count: number): Refusal =>
  new Refusal(
    400,
    `Could not modify traits for node ${node.uuid} as it would exceed the maximum number of traits ` +
      `per node (${count} vs. ${TRAITS_MAX})`,
  );
