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

export type SessionFacts = {
  readonly nodeUuid: string;
  readonly state: string;
  readonly route: string;
  readonly transport: string;
  readonly trustLevel: number;
  readonly agentVersion: string | null;
  /** Only our own agent signs. */
  readonly isSigning: boolean;
  readonly isOpen: boolean;
};

/** Sessions that are open or began after `sinceMs`, oldest first, without anything secret. */
export const listSessionFacts = async (
  queryable: Queryable,
  sinceMs: number,
): Promise<readonly SessionFacts[]> => {
  const rows = await queryable
    .selectFrom('agent_session')
    .select([
      'node_uuid',
      'state',
      'route',
      'transport',
      'trust_level',
      'agent_version',
      'is_signing',
      'closed_at_ms',
    ])
    .where((each) =>
      each.or([each('closed_at_ms', 'is', null), each('window_opened_ms', '>=', sinceMs)]),
    )
    .orderBy('window_opened_ms')
    .execute();
  return rows.map((row) => ({
    nodeUuid: row.node_uuid,
    state: row.state,
    route: row.route,
    transport: row.transport,
    trustLevel: row.trust_level,
    agentVersion: row.agent_version,
    isSigning: row.is_signing !== 0,
    isOpen: row.closed_at_ms === null,
  }));
};
