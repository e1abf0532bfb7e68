// What the service knows of the accounts that it keeps at the BMC of a node. The row outlives the node: as long as the
// BMC holds a password, something says where it lies.
//
// Node:  unmanaged  nothing is kept, or nothing is proved yet
//        rotating   a rotation has the node
//        managed    the account in use works, and so does the other one, if there is to be one
//        degraded   one works, the other does not; or the old password still works
//        lost       no password that is known works
//        locked     the BMC locked an account: nothing is tried for a time
//        frozen     a person holds it
// Slot:  empty, staged (stored, not sent), applying (may or may not be on the BMC), verified, active, standby (verified,
//        not in use), retiring, retired (disabled at the BMC), suspect (does not log in), foreign (never touched).

import type { Selectable } from 'kysely';

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { RotationStrategy } from '#trust/bmc-credential/rotation-phases';

import type { BmcCredentialTable } from './bmc-tables.ts';
import type { Queryable } from './database.ts';
import { onceBuilt } from './once-built.ts';

export type BmcSlotName = 'a' | 'b';

export type BmcSlotState =
  | 'empty'
  | 'staged'
  | 'applying'
  | 'verified'
  | 'active'
  | 'standby'
  | 'retiring'
  | 'retired'
  | 'suspect'
  | 'foreign';

export type BmcCredentialState =
  | 'unmanaged'
  | 'rotating'
  | 'managed'
  | 'degraded'
  | 'lost'
  | 'locked'
  | 'frozen';

/** The write that stored a secret, at the place of its slot: versions have other numbers in another store. */
export type SecretRef = string;

export type BmcSlot = {
  readonly username: string;
  readonly state: BmcSlotState;
  /** By protocol: user number or path of the account. */
  readonly accountIds: { readonly ipmi?: string; readonly redfish?: string };
  /** What was proved last. */
  readonly ref: SecretRef | null;
  /** What the BMC was told, or may have been told, and nobody has logged in with; the newest first. */
  readonly possible: readonly SecretRef[];
  readonly setAtMs: number | null;
  readonly verifiedAtMs: number | null;
};

/** Of a slot, or of another place of the node in the store. */
export type SupersededSecret = {
  readonly slot: string;
  readonly ref: SecretRef;
  readonly sinceMs: number;
};

/** What was learned of the BMC. */
export type BmcLimits = {
  readonly lengthMinBytes?: number;
  readonly lengthMaxBytes?: number;
  readonly forbidden?: string;
  readonly lockoutThreshold?: number;
  readonly lockoutMs?: number;
  readonly lockoutResetMs?: number;
  readonly accountsMax?: number;
};

export type BmcLoginTry = { readonly username: string; readonly atMs: number };

export type BmcCredentialResult = {
  readonly outcome: 'succeeded' | 'failed';
  readonly atMs: number;
  readonly rotationId: string;
  readonly code: FailureCode | null;
  readonly text: string;
};

/** A person wants the accounts as they are. */
export type BmcHold = {
  readonly reason: string;
  readonly atMs: number;
  /** Somebody has seen the password: at this time it is rotated, whoever holds it. */
  readonly untilMs?: number;
};

export type BmcCredentialRecord = {
  readonly nodeUuid: NodeUuid;
  readonly state: BmcCredentialState;
  readonly strategy: RotationStrategy;
  readonly slots: { readonly [slot in BmcSlotName]: BmcSlot };
  readonly activeSlot: BmcSlotName | null;
  /** Names of the accounts that were there when the service took the BMC over; null: it has not looked yet. */
  readonly knownAccounts: readonly string[] | null;
  /** The account that a person gave, in its own place in the store. */
  readonly given: { readonly username: string; readonly ref: SecretRef } | null;
  /** Password profile that the BMC took last. */
  readonly profile: string | null;
  /** Vendor and model, as the BMC tells them; null: it was not asked. */
  readonly model: string | null;
  readonly limits: BmcLimits;
  readonly superseded: readonly SupersededSecret[];
  readonly tries: readonly BmcLoginTry[];
  readonly heldUntilMs: number | null;
  readonly isPaused: boolean;
  readonly frozen: BmcHold | null;
  readonly nextDueMs: number | null;
  readonly lastResult: BmcCredentialResult | null;
};

export type BmcCredentialChanges = Partial<Omit<BmcCredentialRecord, 'nodeUuid'>>;

export const emptySlot = (username: string): BmcSlot => ({
  username,
  state: 'empty',
  accountIds: {},
  ref: null,
  possible: [],
  setAtMs: null,
  verifiedAtMs: null,
});

export const otherSlot = (slot: BmcSlotName): BmcSlotName => (slot === 'a' ? 'b' : 'a');

const recordOf = (row: Selectable<BmcCredentialTable>): BmcCredentialRecord => ({
  nodeUuid: row.node_uuid as NodeUuid,
  state: row.state as BmcCredentialState,
  strategy: row.strategy as RotationStrategy,
  slots: { a: JSON.parse(row.slot_a) as BmcSlot, b: JSON.parse(row.slot_b) as BmcSlot },
  activeSlot: row.active_slot as BmcSlotName | null,
  given: row.given === null ? null : (JSON.parse(row.given) as BmcCredentialRecord['given']),
  knownAccounts: row.known_accounts === null ? null : (JSON.parse(row.known_accounts) as string[]),
  profile: row.profile,
  model: row.model,
  limits: JSON.parse(row.limits) as BmcLimits,
  superseded: JSON.parse(row.superseded) as SupersededSecret[],
  tries: JSON.parse(row.tries) as BmcLoginTry[],
  heldUntilMs: row.held_until_ms,
  isPaused: row.paused === 1,
  frozen: row.frozen === null ? null : (JSON.parse(row.frozen) as BmcCredentialRecord['frozen']),
  nextDueMs: row.next_due_ms,
  lastResult:
    row.last_result === null ? null : (JSON.parse(row.last_result) as BmcCredentialResult),
});

const textOf = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

const rowOf = (record: BmcCredentialRecord): Omit<BmcCredentialTable, 'revision'> => ({
  node_uuid: record.nodeUuid,
  state: record.state,
  strategy: record.strategy,
  slot_a: JSON.stringify(record.slots.a),
  slot_b: JSON.stringify(record.slots.b),
  active_slot: record.activeSlot,
  given: textOf(record.given),
  known_accounts: textOf(record.knownAccounts),
  profile: record.profile,
  model: record.model,
  limits: JSON.stringify(record.limits),
  superseded: JSON.stringify(record.superseded),
  tries: JSON.stringify(record.tries),
  held_until_ms: record.heldUntilMs,
  paused: Number(record.isPaused),
  frozen: textOf(record.frozen),
  next_due_ms: record.nextDueMs,
  last_result: textOf(record.lastResult),
});

export const findBmcCredential = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<BmcCredentialRecord | undefined> => {
  const row = await queryable
    .selectFrom('bmc_credential')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .executeTakeFirst();
  return row === undefined ? undefined : recordOf(row);
};

/** The password profile that most BMCs of this model took. */
export const findProfileOfModel = async (
  queryable: Queryable,
  model: string,
): Promise<string | undefined> => {
  const row = await queryable
    .selectFrom('bmc_credential')
    .select((expression) => ['profile', expression.fn.countAll<number>().as('count')])
    .where('model', '=', model)
    .where('profile', 'is not', null)
    .groupBy('profile')
    .orderBy('count', 'desc')
    .orderBy('profile')
    .limit(1)
    .executeTakeFirst();
  return row?.profile ?? undefined;
};

/** Does nothing where there is one. */
export const addBmcCredential = async (
  queryable: Queryable,
  record: BmcCredentialRecord,
): Promise<void> => {
  await queryable
    .insertInto('bmc_credential')
    .values({ ...rowOf(record), revision: 0 })
    .onConflict((conflict) => conflict.column('node_uuid').doNothing())
    .execute();
};

const takeRow = onceBuilt((queryable, { nodeUuid }: { readonly nodeUuid: NodeUuid }) =>
  queryable
    .updateTable('bmc_credential')
    .set((set) => ({ revision: set('revision', '+', 1) }))
    .where('node_uuid', '=', nodeUuid)
    .returningAll(),
);

const keepRow = onceBuilt((queryable, row: Omit<BmcCredentialTable, 'revision'>) =>
  queryable
    .updateTable('bmc_credential')
    .set({
      state: row.state,
      strategy: row.strategy,
      slot_a: row.slot_a,
      slot_b: row.slot_b,
      active_slot: row.active_slot,
      given: row.given,
      known_accounts: row.known_accounts,
      profile: row.profile,
      model: row.model,
      limits: row.limits,
      superseded: row.superseded,
      tries: row.tries,
      held_until_ms: row.held_until_ms,
      paused: row.paused,
      frozen: row.frozen,
      next_due_ms: row.next_due_ms,
      last_result: row.last_result,
    } satisfies Omit<BmcCredentialTable, 'revision' | 'node_uuid'>)
    .where('node_uuid', '=', row.node_uuid),
);

/**
 * The row as it is after `change`, which sees it as nobody else can change it meanwhile; undefined when there is none.
 * In a transaction.
 */
export const changeBmcCredential = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  change: (record: BmcCredentialRecord) => BmcCredentialChanges,
): Promise<BmcCredentialRecord | undefined> => {
  const [row] = (await takeRow(queryable, { nodeUuid })).rows;
  if (row === undefined) return undefined;
  const before = recordOf(row);
  const after = { ...before, ...change(before) };
  await keepRow(queryable, rowOf(after));
  return after;
};

const due = (queryable: Queryable, nowMs: number, limit: number) =>
  queryable
    .selectFrom('bmc_credential')
    .selectAll()
    .where('next_due_ms', '<=', nowMs)
    .where('node_uuid', 'in', (select) => select.selectFrom('node').select('uuid'))
    .orderBy('next_due_ms')
    .limit(limit);

/** Nodes that are there, of which a rotation is due, the longest overdue first. */
export const listDueBmcCredentials = async (
  queryable: Queryable,
  nowMs: number,
  limit: number,
): Promise<readonly BmcCredentialRecord[]> =>
  (await due(queryable, nowMs, limit).execute()).map(recordOf);

/** Of the conductor groups that have any, in the order of their names. */
export const listDueGroups = async (
  queryable: Queryable,
  nowMs: number,
): Promise<readonly string[]> => {
  const rows = await queryable
    .selectFrom('bmc_credential')
    .innerJoin('node', 'node.uuid', 'bmc_credential.node_uuid')
    .select('node.conductor_group')
    .distinct()
    .where('bmc_credential.next_due_ms', '<=', nowMs)
    .orderBy('node.conductor_group')
    .execute();
  return rows.map((row) => row.conductor_group);
};

/** Of one conductor group, without those that nothing can be begun with now: frozen, in maintenance, or worked on. */
export const listFreeDueBmcCredentials = async (
  queryable: Queryable,
  conductorGroup: string,
  nowMs: number,
  limit: number,
): Promise<readonly BmcCredentialRecord[]> => {
  const rows = await due(queryable, nowMs, limit)
    .where('node_uuid', 'in', (select) =>
      select.selectFrom('node').select('uuid').where('conductor_group', '=', conductorGroup),
    )
    .where('frozen', 'is', null)
    .where('node_uuid', 'not in', (select) =>
      select.selectFrom('node').select('uuid').where('maintenance', '=', 1),
    )
    .where('node_uuid', 'not in', (select) =>
      select.selectFrom('workflow').select('node_uuid').where('ended_ms', 'is', null),
    )
    .execute();
  return rows.map(recordOf);
};

const page = (queryable: Queryable, after: string, limit: number) =>
  queryable
    .selectFrom('bmc_credential')
    .selectAll()
    .where('node_uuid', '>', after)
    .orderBy('node_uuid')
    .limit(limit);

/** Those of nodes that are there which somebody holds, in the order of their UUIDs, after `after`. */
export const listHeldBmcCredentials = async (
  queryable: Queryable,
  after: string,
  limit: number,
): Promise<readonly BmcCredentialRecord[]> => {
  const rows = await page(queryable, after, limit)
    .where('frozen', 'is not', null)
    .where('node_uuid', 'in', (select) => select.selectFrom('node').select('uuid'))
    .execute();
  return rows.map(recordOf);
};

/** All of them, deleted nodes too, in the order of their UUIDs, after `after`. */
export const listBmcCredentials = async (
  queryable: Queryable,
  after: string,
  limit: number,
): Promise<readonly BmcCredentialRecord[]> =>
  (await page(queryable, after, limit).execute()).map(recordOf);
