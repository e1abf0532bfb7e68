// Inspection rules by record.

import { sql } from 'kysely';

import type { InspectionRuleRecord } from '@bessemer/protocol/inspection/rule-record';

import type { Queryable } from './database.ts';
import type { PageRequest } from './paging.ts';
import { recordTable } from './record-table.ts';

export const inspectionRules = recordTable<InspectionRuleRecord>('inspection_rule', {
  uuid: ['uuid', 'text'],
  description: ['description', 'text'],
  priority: ['priority', 'number'],
  phase: ['phase', 'text'],
  sensitive: ['sensitive', 'flag'],
  conditions: ['conditions', 'json'],
  actions: ['actions', 'json'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
});

/** Throws `MarkerUnknown`. */
export const listInspectionRules = (
  queryable: Queryable,
  phase: string | undefined,
  page: PageRequest,
): Promise<readonly InspectionRuleRecord[]> =>
  inspectionRules.list(
    queryable,
    page,
    phase === undefined ? {} : { asked: [sql<boolean>`inspection_rule.phase = ${phase}`] },
  );

/** In the order to run them in: the highest priority first, equal ones as they were made. */
export const rulesOfPhase = async (
  queryable: Queryable,
  phase: string,
): Promise<readonly InspectionRuleRecord[]> => {
  const found = await inspectionRules.where(queryable, sql<boolean>`phase = ${phase}`);
  return [...found].sort((a, b) => b.priority - a.priority || a.id - b.id);
};

export const deleteAllInspectionRules = async (queryable: Queryable): Promise<void> => {
  await queryable.deleteFrom('inspection_rule').execute();
};
