// Which nodes an allocation may have. Asked of the store to find them, and again of the one that is held: between the
// two anything may have happened.

import { type Expression, sql, type SqlBool } from 'kysely';

import type { AllocationRecord } from '@bessemer/protocol/allocation/record';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { Queryable } from './database.ts';

export type Wish = Pick<
  AllocationRecord,
  'name' | 'resourceClass' | 'traits' | 'candidateNodes' | 'isNamePreferred' | 'owner'
>;

/** Whether the node may be had, locked or not. */
export const isCandidate = (node: NodeRecord, wish: Wish): boolean =>
  node.provisionState === 'available' &&
  node.instanceUuid === null &&
  !node.maintenance &&
  node.powerState !== null &&
  node.resourceClass === wish.resourceClass &&
  (wish.owner === null || wish.owner === node.owner || wish.owner === node.lessee) &&
  (wish.candidateNodes.length === 0 || wish.candidateNodes.includes(node.uuid)) &&
  wish.traits.every((trait) => node.traits.includes(trait));

const conditionsOf = (wish: Wish): Expression<SqlBool>[] => {
  const conditions = [
    sql<SqlBool>`provision_state = 'available' and instance_uuid is null and maintenance = 0`,
    sql<SqlBool>`power_state is not null and resource_class = ${wish.resourceClass}`,
  ];
  if (wish.owner !== null) {
    conditions.push(sql<SqlBool>`(owner = ${wish.owner} or lessee = ${wish.owner})`);
  }
  if (wish.candidateNodes.length > 0) {
    conditions.push(sql<SqlBool>`uuid in (${sql.join([...wish.candidateNodes])})`);
  }
  for (const trait of wish.traits) {
    // Names are of letters, digits and `_`, of which only the last means something to LIKE.
    const pattern = `%"${trait.replaceAll('_', '\\_')}"%`;
    conditions.push(sql<SqlBool>`traits like ${pattern} escape '\\'`);
  }
  return conditions;
};

/** UUIDs in the order in which to try them: as asked for, else at random, so that work and wear are spread. */
export const listCandidates = async (
  queryable: Queryable,
  wish: Wish,
  options: { readonly limit: number },
): Promise<readonly string[]> => {
  const preferred = wish.isNamePreferred ? wish.name : null;
  const rows = await queryable
    .selectFrom('node')
    .select('uuid')
    .where((where) => where.and(conditionsOf(wish)))
    .orderBy(sql`case when name = ${preferred} then 0 else 1 end`)
    .orderBy(sql`random()`)
    .limit(Math.max(options.limit, wish.candidateNodes.length))
    .execute();
  const found = rows.map(({ uuid }) => uuid);
  if (wish.candidateNodes.length === 0) return found;
  const order = new Map(wish.candidateNodes.map((uuid, index) => [uuid, index]));
  return found.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
};

export type NamedNode = { readonly uuid: string } & Pick<NodeRecord, 'name' | 'owner' | 'lessee'>;

/** The nodes that are called so, by UUID or name, in no order. */
export const findNamedNodes = async (
  queryable: Queryable,
  idents: readonly string[],
): Promise<readonly NamedNode[]> => {
  // Nothing asked for is no SQL.
  if (idents.length === 0) return [];
  const uuids = idents.map((ident) => ident.toLowerCase());
  return queryable
    .selectFrom('node')
    .select(['uuid', 'name', 'owner', 'lessee'])
    .where((where) => where.or([where('uuid', 'in', uuids), where('name', 'in', idents)]))
    .execute();
};
