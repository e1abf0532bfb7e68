// How many agent sessions there are, for whoever watches the whole and not one node.

import type { Queryable } from './database.ts';

/** Sessions that are not closed, by state. */
export const countSessionsByState = async (
  queryable: Queryable,
): Promise<ReadonlyMap<string, number>> => {
  const rows = await queryable
    .selectFrom('agent_session')
    .select((each) => ['state', each.fn.countAll<number>().as('sessions')])
    .where('closed_at_ms', 'is', null)
    .groupBy('state')
    .execute();
  return new Map(rows.map(({ state, sessions }) => [state, sessions]));
};
