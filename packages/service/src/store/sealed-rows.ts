// The columns that hold sealed values, for whoever gives them another key. The store cannot open them: it hands them
// out with what they are bound to, and takes another text back only in place of the one it gave.

import { type RawBuilder, sql } from 'kysely';

import type { Queryable } from './database.ts';

export type SealedTable = 'agent_session' | 'boot_medium' | 'network_boot' | 'node' | 'secret';

export const SEALED_COLUMNS = {
  agent_session: ['token_sealed', 'pending_token_sealed', 'key_sealed'],
  boot_medium: ['overlay_sealed'],
  network_boot: ['manifest_sealed'],
  node: ['driver_secrets_sealed'],
  secret: ['sealed'],
} as const satisfies { readonly [table in SealedTable]: readonly string[] };

export type SealedValue = {
  readonly table: SealedTable;
  readonly column: string;
  readonly id: string;
  readonly nodeUuid: string;
  readonly sessionId: string;
  readonly bootNumber: number;
  readonly sealed: string;
};

/** Archives are up to 256 KiB each. */
const PAGE_ROWS = 50;

type Row = {
  readonly id: string;
  readonly node_uuid: string;
  readonly session_id: string;
  readonly boot_no: number;
  readonly sealed: string;
};

const idOf = (table: SealedTable): RawBuilder<unknown> => sql.ref(table === 'node' ? 'uuid' : 'id');

/** What a value is bound to; nodes and secrets have no session. */
const namesOf = (table: SealedTable): RawBuilder<unknown> => {
  if (table === 'node') return sql`uuid as id, uuid as node_uuid, '' as session_id, 0 as boot_no`;
  if (table === 'secret') return sql`id, node_uuid, '' as session_id, 0 as boot_no`;
  const session = sql.ref(table === 'agent_session' ? 'id' : 'session_id');
  return sql`id, node_uuid, ${session} as session_id, boot_no`;
};

async function* readColumn(
  queryable: Queryable,
  table: SealedTable,
  column: string,
): AsyncGenerator<SealedValue> {
  const names = namesOf(table);
  let after = '';
  for (;;) {
    const { rows } = await sql<Row>`
      select ${names}, ${sql.ref(column)} as sealed
      from ${sql.table(table)}
      where ${idOf(table)} > ${after} and ${sql.ref(column)} is not null and ${sql.ref(column)} <> ''
      order by ${idOf(table)} limit ${PAGE_ROWS}`.execute(queryable);
    for (const row of rows) {
      yield {
        table,
        column,
        id: row.id,
        nodeUuid: row.node_uuid,
        sessionId: row.session_id,
        bootNumber: row.boot_no,
        sealed: row.sealed,
      };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/** Every sealed value; those that are written meanwhile may or may not be among them. */
export async function* readSealedValues(queryable: Queryable): AsyncGenerator<SealedValue> {
  for (const [table, columns] of Object.entries(SEALED_COLUMNS)) {
    for (const column of columns) yield* readColumn(queryable, table as SealedTable, column);
  }
}

/** False when the row is gone or holds another value by now: nothing is changed then. */
export const replaceSealedValue = async (
  queryable: Queryable,
  value: SealedValue,
  sealed: string,
): Promise<boolean> => {
  const column = sql.ref(value.column);
  const result = await sql`
    update ${sql.table(value.table)} set ${column} = ${sealed}
    where ${idOf(value.table)} = ${value.id} and ${column} = ${value.sealed}`.execute(queryable);
  return (result.numAffectedRows ?? 0n) > 0n;
};
