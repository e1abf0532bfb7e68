// Rotations of credentials of BMCs. The row is the truth about how far one came; who writes it has the lease of the node.

import { type ExpressionBuilder, type Selectable, sql } from 'kysely';

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import type { StoredFailure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { RotationPhase, RotationStrategy } from '#trust/bmc-credential/rotation-phases';

import type {
  BmcCredentialState,
  BmcSlot,
  BmcSlotName,
  BmcSlotState,
  SecretRef,
} from './bmc-credentials.ts';
import type { BmcRotationTable } from './bmc-tables.ts';
import type { Queryable } from './database.ts';
import { withConflicts } from './errors.ts';
import { onceBuilt } from './once-built.ts';
import type { Schema } from './schema.ts';

export type RotationTrigger =
  | 'discovery'
  | 'adopt'
  | 'request'
  | 'supplied'
  | 'repair'
  | 'schedule'
  | 'clean'
  | 'suspicion';

/** Who or what the BMC is told by. */
export type RotationLogin =
  | { readonly by: 'slot'; readonly slot: BmcSlotName }
  /** The account that a person gave, as driver_info has it. */
  | { readonly by: 'given' }
  | { readonly by: 'inband' };

/** Each has a limit of its own. */
export type PauseReason = 'store' | 'lockout' | 'bmc' | 'age';

/** A phase waits: for what, on whom, in the words of `why`. */
export type RotationPause = {
  readonly reason: PauseReason;
  readonly what: string;
  readonly on: string;
  readonly remedy: string;
  readonly code: FailureCode;
  readonly sinceMs: number;
  /** Nothing is tried before. */
  readonly untilMs: number;
};

/** What the phases hand on to each other. */
export type RotationWork = {
  /** As somebody asked for it. */
  readonly askedPath: 'auto' | 'oob' | 'inband';
  readonly askedSlot: BmcSlotName | null;
  readonly stateBefore: BmcCredentialState;
  /** Of this pass: the account that is changed, before it was. */
  readonly targetBefore: BmcSlotState;
  /** What is done to the account that a person gave, once another one works. */
  readonly givenPolicy: 'keep' | 'disable';
  /** A password that somebody supplied, in its own place in the store. */
  readonly supplied: SecretRef | null;
  /** `replace` changes the account that is to be in use, `retire` the one that was. */
  readonly pass: 'replace' | 'retire';
  readonly login: RotationLogin | null;
  readonly profile: string | null;
  /** Of this pass: names of profiles that the BMC refused. */
  readonly profilesTried: readonly string[];
  /** How many passwords were made; part of the name of each write. */
  readonly written: number;
  /** How often the BMC was told the candidate. */
  readonly applied: number;
  /** Names of the logins that were refused. */
  readonly refused: readonly string[];
  /** How often in a row something was waited for that may not come. */
  readonly waits: number;
  /** The act of the phase ended in waiting: it is known that it changed nothing. */
  readonly isPaused: boolean;
  /** Rows of older versions have none of these. */
  /** Name of a login whose password is right, and good for nothing but its own change. */
  readonly demanded?: string | null;
  /** The account that a person gave has become the one of the target slot; what that was before. */
  readonly slotBefore?: BmcSlot | null;
  readonly pause?: RotationPause | null;
  /** In this phase, without the pause that is on. */
  readonly waitedMs?: { readonly [reason in PauseReason]?: number };
  /** In all phases. */
  readonly waitedTotalMs?: number;
  /** All logins were refused once, as by a BMC that has locked its accounts; the time of that was waited for. */
  readonly isLockoutAwaited: boolean;
  /** What the BMC holds the first bytes of. */
  readonly cut: {
    readonly slot: BmcSlotName;
    readonly ref: SecretRef;
    readonly bytes: number;
  } | null;
  /** Went out of use in this run, and is to be refused. */
  readonly replaced: { readonly slot: BmcSlotName; readonly ref: SecretRef } | null;
  readonly isOldAlive: boolean;
};

/** How each pass begins. */
export const FRESH_PASS = {
  profile: null,
  profilesTried: [],
  applied: 0,
  refused: [],
  waits: 0,
  isPaused: false,
  cut: null,
} as const satisfies Partial<RotationWork>;

export type RotationRecord = {
  readonly id: string;
  readonly nodeUuid: NodeUuid;
  readonly fence: number;
  readonly trigger: RotationTrigger;
  readonly requester: { readonly user: string | null; readonly project: string | null };
  readonly strategy: RotationStrategy;
  readonly phase: RotationPhase;
  readonly slot: BmcSlotName | null;
  readonly path: 'oob' | 'inband' | null;
  readonly candidate: SecretRef | null;
  readonly work: RotationWork;
  readonly startedMs: number;
  readonly updatedMs: number;
  readonly endedMs: number | null;
  readonly outcome: 'succeeded' | 'failed' | null;
  readonly error: StoredFailure | null;
};

export type RotationChanges = Partial<
  Pick<
    RotationRecord,
    'phase' | 'slot' | 'path' | 'candidate' | 'work' | 'endedMs' | 'outcome' | 'error'
  >
>;

const textOf = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

const recordOf = (row: Selectable<BmcRotationTable>): RotationRecord => ({
  id: row.id,
  nodeUuid: row.node_uuid as NodeUuid,
  fence: row.fence,
  trigger: row.trigger as RotationTrigger,
  requester: JSON.parse(row.requester) as RotationRecord['requester'],
  strategy: row.strategy as RotationStrategy,
  phase: row.phase as RotationPhase,
  slot: row.slot as BmcSlotName | null,
  path: row.path as RotationRecord['path'],
  candidate: row.candidate,
  work: JSON.parse(row.work) as RotationWork,
  startedMs: row.started_ms,
  updatedMs: row.updated_ms,
  endedMs: row.ended_ms,
  outcome: row.outcome as RotationRecord['outcome'],
  error: row.error === null ? null : (JSON.parse(row.error) as StoredFailure),
});

/** Throws Conflict when the node has an open one. */
export const insertRotation = async (
  queryable: Queryable,
  record: RotationRecord,
): Promise<void> => {
  await withConflicts(() =>
    queryable
      .insertInto('bmc_rotation')
      .values({
        id: record.id,
        node_uuid: record.nodeUuid,
        fence: record.fence,
        trigger: record.trigger,
        requester: JSON.stringify(record.requester),
        strategy: record.strategy,
        phase: record.phase,
        slot: record.slot,
        path: record.path,
        candidate: record.candidate,
        work: JSON.stringify(record.work),
        started_ms: record.startedMs,
        updated_ms: record.updatedMs,
        ended_ms: record.endedMs,
        outcome: record.outcome,
        error: textOf(record.error),
      })
      .execute(),
  );
};

const select = (queryable: Queryable, nodeUuid: NodeUuid) =>
  queryable.selectFrom('bmc_rotation').selectAll().where('node_uuid', '=', nodeUuid);

export const findOpenRotation = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
): Promise<RotationRecord | undefined> => {
  const row = await select(queryable, nodeUuid).where('ended_ms', 'is', null).executeTakeFirst();
  return row === undefined ? undefined : recordOf(row);
};

export const findRotation = async (
  queryable: Queryable,
  id: string,
): Promise<RotationRecord | undefined> => {
  const row = await queryable
    .selectFrom('bmc_rotation')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : recordOf(row);
};

/** The newest first. */
export const listRotations = async (
  queryable: Queryable,
  nodeUuid: NodeUuid,
  limit: number,
): Promise<readonly RotationRecord[]> => {
  const rows = await select(queryable, nodeUuid)
    .orderBy('started_ms', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(recordOf);
};

const ofOpenWorkflow = (where: ExpressionBuilder<Schema, 'bmc_rotation'>) =>
  where.selectFrom('workflow').select('workflow.node_uuid').where('workflow.ended_ms', 'is', null);

/** In maintenance, or with frozen credentials: nobody begins anything there, nor goes on with it. */
const isHeld = (where: ExpressionBuilder<Schema, 'bmc_rotation'>) =>
  where.or([
    where('bmc_rotation.node_uuid', 'in', (nodes) =>
      nodes.selectFrom('node').select('uuid').where('maintenance', '=', 1),
    ),
    where('bmc_rotation.node_uuid', 'in', (records) =>
      records
        .selectFrom('bmc_credential')
        .select('bmc_credential.node_uuid')
        .where('frozen', 'is not', null),
    ),
  ]);

/** Open ones that nobody works on or waits for, and that could be gone on with: their workflow ended in another way. */
export const listLeftRotations = async (
  queryable: Queryable,
  limit: number,
): Promise<readonly RotationRecord[]> => {
  const rows = await queryable
    .selectFrom('bmc_rotation')
    .selectAll()
    .where('ended_ms', 'is', null)
    .where('node_uuid', 'in', (nodes) => nodes.selectFrom('node').select('uuid'))
    .where('node_uuid', 'not in', ofOpenWorkflow)
    .where((where) => where.not(isHeld(where)))
    .orderBy('started_ms')
    .limit(limit)
    .execute();
  return rows.map(recordOf);
};

/** As they are in the row: what one BMC alone is waited for, for hours or days. */
const LONG_PAUSES: readonly PauseReason[] = ['lockout', 'age'];

/**
 * Those that keep anybody busy, of nodes of one conductor group. Not of nodes that were deleted, which end never, not what
 * was cut short where nothing is gone on with now, and not what waits for a time to pass: that takes the room of nobody.
 */
export const countBusyRotations = async (
  queryable: Queryable,
  conductorGroup: string,
): Promise<number> => {
  const row = await queryable
    .selectFrom('bmc_rotation')
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .where('ended_ms', 'is', null)
    .where('node_uuid', 'in', (nodes) =>
      nodes.selectFrom('node').select('uuid').where('conductor_group', '=', conductorGroup),
    )
    .where((where) =>
      where.or([where('node_uuid', 'in', ofOpenWorkflow(where)), where.not(isHeld(where))]),
    )
    .where((where) =>
      where.and(LONG_PAUSES.map((reason) => where('work', 'not like', `%"reason":"${reason}"%`))),
    )
    .executeTakeFirstOrThrow();
  return row.count;
};

/** False, with nothing changed, when the lease of `fence` passed to somebody else, or the rotation is over. */
export const updateRotation = async (
  queryable: Queryable,
  rotation: Pick<RotationRecord, 'id' | 'nodeUuid'>,
  fence: number,
  changes: RotationChanges,
  nowMs: number,
): Promise<boolean> => {
  const { work, error, endedMs, ...columns } = changes;
  const result = await queryable
    .updateTable('bmc_rotation')
    .set({
      ...columns,
      ...(work === undefined ? {} : { work: JSON.stringify(work) }),
      ...(error === undefined ? {} : { error: textOf(error) }),
      ...(endedMs === undefined ? {} : { ended_ms: endedMs }),
      fence,
      updated_ms: nowMs,
    })
    .where('id', '=', rotation.id)
    .where('ended_ms', 'is', null)
    .where(
      sql<boolean>`exists (select 1 from lease where node_uuid = ${rotation.nodeUuid} and fence = ${fence})`,
    )
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};

export type RotationLogLine = {
  readonly rotationId: string;
  readonly nodeUuid: NodeUuid;
  readonly atMs: number;
  readonly fence: number;
  readonly phase: RotationPhase;
  readonly detail: JsonObject;
};

type RotationLogRow = Pick<
  RotationLogLine,
  'rotationId' | 'nodeUuid' | 'atMs' | 'fence' | 'phase'
> & {
  readonly detail: string;
};

const insertLine = onceBuilt((queryable, line: RotationLogRow) =>
  queryable.insertInto('bmc_rotation_log').values({
    rotation_id: line.rotationId,
    node_uuid: line.nodeUuid,
    at_ms: line.atMs,
    fence: line.fence,
    phase: line.phase,
    detail: line.detail,
  }),
);

export const appendRotationLog = async (
  queryable: Queryable,
  line: RotationLogLine,
): Promise<void> => {
  await insertLine(queryable, { ...line, detail: JSON.stringify(line.detail) });
};

/** The oldest first. */
export const listRotationLog = async (
  queryable: Queryable,
  rotationId: string,
  limit: number,
): Promise<readonly RotationLogLine[]> => {
  const rows = await queryable
    .selectFrom('bmc_rotation_log')
    .selectAll()
    .where('rotation_id', '=', rotationId)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    rotationId: row.rotation_id,
    nodeUuid: row.node_uuid as NodeUuid,
    atMs: row.at_ms,
    fence: row.fence,
    phase: row.phase as RotationPhase,
    detail: JSON.parse(row.detail) as JsonObject,
  }));
};
