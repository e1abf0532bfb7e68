// Versions of sealed secrets. Numbers only rise: the newest row stays, emptied, when its secret is destroyed.

import { sql } from 'kysely';

import type { Queryable, Store } from './database.ts';
import { withConflicts } from './errors.ts';

export type SecretRow = {
  readonly id: string;
  readonly nodeUuid: string;
  readonly slot: string;
  readonly version: number;
  readonly writeId: string;
  /** Empty when destroyed. */
  readonly sealed: string;
  readonly createdMs: number;
};

type Place = Pick<SecretRow, 'nodeUuid' | 'slot'>;

const selectSecrets = (queryable: Queryable) =>
  queryable
    .selectFrom('secret')
    .select([
      'id',
      'node_uuid as nodeUuid',
      'slot',
      'version',
      'write_id as writeId',
      'sealed',
      'created_ms as createdMs',
    ]);

/** Throws Conflict when the version, or the same write, is there. */
export const insertSecret = async (queryable: Queryable, row: SecretRow): Promise<void> => {
  await withConflicts(() =>
    queryable
      .insertInto('secret')
      .values({
        id: row.id,
        node_uuid: row.nodeUuid,
        slot: row.slot,
        version: row.version,
        write_id: row.writeId,
        sealed: row.sealed,
        created_ms: row.createdMs,
      })
      .execute(),
  );
};

export const findSecretByWrite = (
  queryable: Queryable,
  { nodeUuid, slot }: Place,
  writeId: string,
): Promise<SecretRow | undefined> =>
  selectSecrets(queryable)
    .where('node_uuid', '=', nodeUuid)
    .where('slot', '=', slot)
    .where('write_id', '=', writeId)
    .executeTakeFirst();

/** The emptied ones, too; the newest first. */
export const listSecrets = (
  queryable: Queryable,
  nodeUuid: string,
): Promise<readonly SecretRow[]> =>
  selectSecrets(queryable)
    .where('node_uuid', '=', nodeUuid)
    .orderBy('slot')
    .orderBy('version', 'desc')
    .execute();

/** Nodes that have secrets, in order, after `after`. */
export const listSecretNodes = async (
  queryable: Queryable,
  after: string,
  limit: number,
): Promise<readonly string[]> => {
  const rows = await queryable
    .selectFrom('secret')
    .select('node_uuid')
    .distinct()
    .where('node_uuid', '>', after)
    .where('sealed', '<>', '')
    .orderBy('node_uuid')
    .limit(limit)
    .execute();
  return rows.map((row) => row.node_uuid);
};

/** Some that are there: whoever can open the oldest and the newest has the right keys. */
export const sampleSecrets = async (queryable: Queryable): Promise<readonly SecretRow[]> => {
  const select = (order: 'asc' | 'desc') =>
    selectSecrets(queryable)
      .where('sealed', '<>', '')
      .orderBy('created_ms', order)
      .orderBy('id', order)
      .limit(1)
      .execute();
  return [...(await select('asc')), ...(await select('desc'))];
};

export const destroySecret = (
  { transaction }: Pick<Store, 'transaction'>,
  row: Place & {
    readonly version: number;
  },
): Promise<void> =>
  transaction(async (trx) => {
    await trx
      .updateTable('secret')
      .set({ sealed: '' })
      .where('node_uuid', '=', row.nodeUuid)
      .where('slot', '=', row.slot)
      .where('version', '=', row.version)
      .execute();
    // What is emptied and not the newest is of no use to anybody.
    await sql`delete from secret where node_uuid = ${row.nodeUuid} and slot = ${row.slot} and sealed = ''
      and version < (select max(version) from secret
        where node_uuid = ${row.nodeUuid} and slot = ${row.slot})`.execute(trx);
  });
