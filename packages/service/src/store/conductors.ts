// The conductors that are, or were, at work on this store.

import type { Selectable } from 'kysely';

import { isoTime } from '#clock';

import type { Queryable } from './database.ts';
import type { ConductorTable } from './schema.ts';

export type ConductorRecord = {
  readonly hostname: string;
  readonly conductorGroup: string;
  /** Names of the hardware types that it serves. */
  readonly drivers: readonly string[];
  readonly isOnline: boolean;
  readonly heartbeatMs: number;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

const conductorOfRow = (row: Selectable<ConductorTable>): ConductorRecord => ({
  hostname: row.hostname,
  conductorGroup: row.conductor_group,
  drivers: JSON.parse(row.drivers) as string[],
  isOnline: row.online === 1,
  heartbeatMs: row.heartbeat_ms,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

/** At start: this conductor is online with these drivers. */
export const registerConductor = async (
  queryable: Queryable,
  conductor: Pick<ConductorRecord, 'hostname' | 'conductorGroup' | 'drivers'>,
  options: { readonly nowMs: number },
): Promise<void> => {
  const shared = {
    conductor_group: conductor.conductorGroup,
    drivers: JSON.stringify(conductor.drivers),
    online: 1,
    heartbeat_ms: options.nowMs,
  };
  const now = isoTime(options.nowMs);
  await queryable
    .insertInto('conductor')
    .values({ hostname: conductor.hostname, ...shared, created_at: now, updated_at: null })
    .onConflict((conflict) =>
      conflict.column('hostname').doUpdateSet({ ...shared, updated_at: now }),
    )
    .execute();
};

/** While running: still there. At a clean stop: no longer (`isOnline` false). */
export const touchConductor = async (
  queryable: Queryable,
  hostname: string,
  options: { readonly nowMs: number; readonly isOnline: boolean },
): Promise<void> => {
  await queryable
    .updateTable('conductor')
    .set({
      online: Number(options.isOnline),
      heartbeat_ms: options.nowMs,
      updated_at: isoTime(options.nowMs),
    })
    .where('hostname', '=', hostname)
    .execute();
};

export const findConductor = async (
  queryable: Queryable,
  hostname: string,
): Promise<ConductorRecord | undefined> => {
  const row = await queryable
    .selectFrom('conductor')
    .selectAll()
    .where('hostname', '=', hostname)
    .executeTakeFirst();
  return row === undefined ? undefined : conductorOfRow(row);
};

/** All of them, by name: there are never more than a few dozen. */
export const listConductors = async (queryable: Queryable): Promise<readonly ConductorRecord[]> => {
  const rows = await queryable.selectFrom('conductor').selectAll().orderBy('hostname').execute();
  return rows.map(conductorOfRow);
};
