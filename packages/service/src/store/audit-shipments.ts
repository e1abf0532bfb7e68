// How far the audit log was shipped to each receiver. One process ships to a receiver at a time: whoever claimed it, for
// as long as the claim lasts. The place is only ever moved by who has the claim, so nothing is left out; what was sent
// by a process that died before it could move the place is sent again.

import type { Queryable } from './database.ts';

export type AuditShipment = {
  readonly destination: string;
  readonly shippedSeq: number;
  readonly failingSinceMs: number | null;
  readonly failure: string | null;
};

export type ShipmentClaim = {
  readonly destination: string;
  /** Of the process, and of no other. */
  readonly owner: string;
  readonly nowMs: number;
  readonly untilMs: number;
};

/** The number of the last row that was shipped; undefined: somebody else ships. Renews a claim, too. */
export const claimShipment = async (
  queryable: Queryable,
  { destination, owner, nowMs, untilMs }: ShipmentClaim,
): Promise<number | undefined> => {
  await queryable
    .insertInto('audit_shipment')
    .values({
      destination,
      shipped_seq: 0,
      owner: '',
      until_ms: 0,
      failing_since_ms: null,
      failure: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const claimed = await queryable
    .updateTable('audit_shipment')
    .set({ owner, until_ms: untilMs })
    .where('destination', '=', destination)
    .where((each) => each.or([each('owner', '=', owner), each('until_ms', '<', nowMs)]))
    .returning('shipped_seq')
    .executeTakeFirst();
  return claimed?.shipped_seq;
};

/** False: the claim went to somebody else meanwhile, who ships these rows again. */
export const noteShipped = async (
  queryable: Queryable,
  { destination, owner }: Pick<ShipmentClaim, 'destination' | 'owner'>,
  shippedSeq: number,
): Promise<boolean> => {
  const { numUpdatedRows } = await queryable
    .updateTable('audit_shipment')
    .set({ shipped_seq: shippedSeq, failing_since_ms: null, failure: null })
    .where('destination', '=', destination)
    .where('owner', '=', owner)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
};

export const noteShipFailure = async (
  queryable: Queryable,
  { destination, owner, nowMs }: Omit<ShipmentClaim, 'untilMs'>,
  failure: string,
): Promise<void> => {
  await queryable
    .updateTable('audit_shipment')
    .set((each) => ({
      failure,
      failing_since_ms: each.fn.coalesce('failing_since_ms', each.val(nowMs)),
    }))
    .where('destination', '=', destination)
    .where('owner', '=', owner)
    .execute();
};

export const dropShipmentClaims = async (queryable: Queryable, owner: string): Promise<void> => {
  await queryable
    .updateTable('audit_shipment')
    .set({ owner: '', until_ms: 0 })
    .where('owner', '=', owner)
    .execute();
};

export const listAuditShipments = async (
  queryable: Queryable,
): Promise<readonly AuditShipment[]> => {
  const rows = await queryable
    .selectFrom('audit_shipment')
    .selectAll()
    .orderBy('destination')
    .execute();
  return rows.map((row) => ({
    destination: row.destination,
    shippedSeq: row.shipped_seq,
    failingSinceMs: row.failing_since_ms,
    failure: row.failure,
  }));
};
