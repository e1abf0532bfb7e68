// Runbooks by record, and the runbooks that a project may see.

import { type Expression, sql, type SqlBool } from 'kysely';

import type { RunbookRecord } from '@bessemer/protocol/runbook/record';

import type { Queryable } from './database.ts';
import type { PageRequest } from './paging.ts';
import { recordTable } from './record-table.ts';

export const runbooks = recordTable<RunbookRecord>('runbook', {
  uuid: ['uuid', 'text'],
  name: ['name', 'text'],
  steps: ['steps', 'json'],
  disableRamdisk: ['disable_ramdisk', 'flag'],
  extra: ['extra', 'json'],
  public: ['public', 'flag'],
  owner: ['owner', 'text'],
  description: ['description', 'text'],
  traits: ['traits', 'json'],
  createdAt: ['created_at', 'text'],
  updatedAt: ['updated_at', 'text'],
});

/** By UUID, else by name. */
export const findRunbook = (
  queryable: Queryable,
  ident: string,
): Promise<RunbookRecord | undefined> => runbooks.find(queryable, ident);

/** `project`: its own and the public ones; undefined: all. Throws `MarkerUnknown`. */
export const listRunbooks = (
  queryable: Queryable,
  project: string | undefined,
  page: PageRequest,
): Promise<readonly RunbookRecord[]> => {
  const isVisible: Expression<SqlBool>[] =
    project === undefined ? [] : [sql<SqlBool>`(runbook.owner = ${project} or runbook.public = 1)`];
  return runbooks.list(queryable, page, { visible: isVisible });
};

/** A rival that writes traits of the same runbook makes us look again; nobody has so many rivals. */
const ATTEMPTS_MAX = 20;

/** Undefined when the runbook is gone, or never stood still. */
export const changeTraits = async (
  queryable: Queryable,
  uuid: string,
  change: (traits: readonly string[]) => readonly string[],
  updatedAt: string,
): Promise<RunbookRecord | undefined> => {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const runbook = await runbooks.find(queryable, uuid);
    if (runbook === undefined) return undefined;
    const traits = [...new Set(change(runbook.traits))].sort();
    if (traits.join() === runbook.traits.join()) return runbook;
    const changes = { traits, updatedAt };
    if (await runbooks.update(queryable, runbook, changes)) return { ...runbook, ...changes };
  }
  return undefined;
};
