// Tables whose rows are one object each and nothing more: found, listed, written and deleted in the same way. What is
// particular to a resource is its columns.

import { type Expression, type Selectable, sql, type SqlBool } from 'kysely';

import { isoTime } from '#clock';

import { isUuid } from '@bessemer/protocol/uuid';

import type { Queryable } from './database.ts';
import { withConflicts } from './errors.ts';
import { type PageRequest, pageOrder, pastMarker } from './paging.ts';
import type { RunbookTable } from './schema.ts';

type TableName =
  | 'port'
  | 'portgroup'
  | 'deploy_template'
  | 'runbook'
  | 'inspection_rule'
  | 'allocation'
  | 'chassis'
  | 'volume_connector'
  | 'volume_target';
type ColumnKind = 'text' | 'number' | 'flag' | 'json';

type Identity = { readonly id: number; readonly uuid: string };
type Times = { readonly createdAt: string; readonly updatedAt: string | null };

export type RecordColumns<R> = {
  readonly [property in Exclude<keyof R, 'id'>]: readonly [column: string, kind: ColumnKind];
};

export type NewRecord<R> = Omit<R, 'id' | keyof Times>;
export type RecordChanges<R> = Partial<Omit<R, keyof Identity | 'createdAt'>>;

export type ListConditions = {
  /** What the caller may see. */
  readonly visible?: readonly Expression<SqlBool>[];
  /** What the caller asked for of that. */
  readonly asked?: readonly Expression<SqlBool>[];
};

export type RecordTable<R> = {
  /** By UUID, else by name where the table has names. */
  readonly find: (queryable: Queryable, ident: string) => Promise<R | undefined>;
  /** Throws `MarkerUnknown`, also for a marker that is not `visible`. */
  readonly list: (
    queryable: Queryable,
    page: PageRequest,
    conditions?: ListConditions,
  ) => Promise<readonly R[]>;
  /** All that meet the condition, in the order of creation. */
  readonly where: (queryable: Queryable, condition: Expression<SqlBool>) => Promise<readonly R[]>;
  /** Throws `Conflict` on `uuid` or `name`. */
  readonly insert: (
    queryable: Queryable,
    record: NewRecord<R>,
    options: { readonly nowMs: number },
  ) => Promise<R>;
  /** False when the row is not any more what `record` was read as. Throws `Conflict` on `name`. */
  readonly update: (queryable: Queryable, record: R, changes: RecordChanges<R>) => Promise<boolean>;
  readonly remove: (queryable: Queryable, uuid: string) => Promise<boolean>;
};

export const recordTable = <R extends Identity & Times>(
  name: TableName,
  columns: RecordColumns<R>,
): RecordTable<R> => {
  // Kysely knows each of the tables; for what they have in common one of them stands for all.
  const table = name as 'runbook';
  const kinds = Object.entries(columns) as [string, readonly [string, ColumnKind]][];
  const hasNames = 'name' in columns;

  const recordOf = (row: Selectable<RunbookTable>): R => {
    const record: { [property: string]: unknown } = { id: row.id };
    const cells = row as { readonly [column: string]: unknown };
    for (const [property, [column, kind]] of kinds) {
      const value = cells[column];
      if (kind === 'json') record[property] = JSON.parse(value as string);
      else record[property] = kind === 'flag' ? value === 1 : value;
    }
    return record as R;
  };
  const cellsOf = (values: object): { [column: string]: string | number | null } => {
    const cells: { [column: string]: string | number | null } = {};
    for (const [property, [column, kind]] of kinds) {
      const value = (values as { readonly [property: string]: unknown })[property];
      if (value === undefined) continue;
      if (kind === 'json') cells[column] = JSON.stringify(value);
      else cells[column] = kind === 'flag' ? Number(value) : (value as string | number | null);
    }
    return cells;
  };

  return {
    find: async (queryable, ident) => {
      if (!isUuid(ident) && !hasNames) return undefined;
      const row = await queryable
        .selectFrom(table)
        .selectAll()
        .where(isUuid(ident) ? 'uuid' : 'name', '=', isUuid(ident) ? ident.toLowerCase() : ident)
        .executeTakeFirst();
      return row === undefined ? undefined : recordOf(row);
    },
    list: async (queryable, page, { visible = [], asked = [] } = {}) => {
      let query = queryable.selectFrom(table).selectAll().limit(page.limit);
      for (const condition of [...visible, ...asked]) query = query.where(condition);
      if (page.marker !== undefined) {
        query = query.where(await pastMarker(queryable, table, page, page.marker, visible));
      }
      for (const order of pageOrder(table, page)) query = query.orderBy(order);
      return (await query.execute()).map(recordOf);
    },
    where: async (queryable, condition) => {
      const query = queryable.selectFrom(table).selectAll().where(condition).orderBy('id');
      return (await query.execute()).map(recordOf);
    },
    insert: (queryable, record, { nowMs }) =>
      withConflicts(async () => {
        const cells = cellsOf({ ...record, createdAt: isoTime(nowMs), updatedAt: null });
        const row = await queryable
          .insertInto(table)
          .values(cells as never)
          .returningAll()
          .executeTakeFirstOrThrow();
        return recordOf(row);
      }),
    update: (queryable, record, changes) =>
      withConflicts(async () => {
        let update = queryable.updateTable(table).set(cellsOf(changes) as never);
        // Times alone would not do: two writes may have the same.
        for (const [column, value] of Object.entries(cellsOf(record))) {
          update = update.where(sql<boolean>`${sql.ref(column)} is not distinct from ${value}`);
        }
        const result = await update.executeTakeFirst();
        return result.numUpdatedRows > 0n;
      }),
    remove: async (queryable, uuid) => {
      const result = await queryable.deleteFrom(table).where('uuid', '=', uuid).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
};
