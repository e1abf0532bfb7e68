// Limits that hold for all conductors together. A number that is read before a row is added says nothing where two read it
// at once, as two transactions of PostgreSQL do: each sees what was committed before it. Who passes a gate first has it
// until its transaction ends, and whoever comes next reads what the one before it wrote.

import { sql } from 'kysely';

import type { Queryable } from './database.ts';

/** `bmc-rotation` is followed by the name of the conductor group. */
export type GateName = 'discovery' | 'bmc-export' | `bmc-rotation/${string}`;

/** Waits for whoever has the gate. In a transaction, before anything is counted. */
export const passGate = async (transaction: Queryable, name: GateName): Promise<void> => {
  await transaction
    .insertInto('gate')
    .values({ name, passed: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({ passed: sql<number>`gate.passed + 1` }),
    )
    .execute();
};
