// Ships the audit log to receivers outside, each at its own pace and in the order of the log. A receiver that is away
// costs a try now and then; the place in the log stays where it was, so that it gets all of it later.

import { randomUUID } from 'node:crypto';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '#clock';
import type { Destination, ShippedRecord } from '#observe/audit-shipping/destination';
import type { Log } from '#observe/log';
import { auditDetail, type AuditRow, listAudit } from '#store/audit';
import {
  claimShipment,
  dropShipmentClaims,
  noteShipFailure,
  noteShipped,
} from '#store/audit-shipments';
import type { Store } from '#store/database';

export type ShippingParts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly destinations: readonly Destination[];
  /** How often the log is looked at. */
  readonly intervalMs: number;
};

export type AuditShipping = {
  readonly start: () => void;
  /** Cuts off what is being sent. Resolves when nothing is any more. */
  readonly stop: () => Promise<void>;
};

/** Some hundred kilobytes at most. */
const BATCH_ROWS = 100;
/** Longer than a batch may take; a process that died is followed after so long. */
const CLAIM_MS = 60_000;
const PAUSE_MS_MAX = 300_000;

const shipped = (row: AuditRow): ShippedRecord => ({
  seq: row.seq,
  at: new Date(row.atMs).toISOString(),
  event: row.event,
  severity: row.severity,
  outcome: row.outcome,
  node: row.nodeUuid,
  session: row.sessionId,
  boot: row.bootNumber,
  source: row.source,
  agentVersion: row.agentVersion,
  request: row.requestId,
  detail: auditDetail(row),
  hash: row.hash,
});

/** Ships until the receiver has the whole log. Throws what the receiver or the store threw. */
const shipRest = async (
  parts: ShippingParts,
  destination: Destination,
  owner: string,
  end: AbortSignal,
): Promise<void> => {
  const { db } = parts.store;
  const place = { destination: destination.name, owner };
  while (!end.aborted) {
    const nowMs = parts.clock.wallMs();
    const afterSeq = await claimShipment(db, { ...place, nowMs, untilMs: nowMs + CLAIM_MS });
    if (afterSeq === undefined) return;
    const rows = await listAudit(db, { afterSeq, limit: BATCH_ROWS });
    const last = rows.at(-1);
    if (last === undefined) return;
    try {
      await destination.ship(rows.map(shipped), end);
    } catch (error) {
      // Whoever ships next sends these again, and the receiver is not to blame.
      if (end.aborted) return;
      if (error instanceof Failure) {
        await noteShipFailure(db, { ...place, nowMs: parts.clock.wallMs() }, error.message);
      }
      throw error;
    }
    if (!(await noteShipped(db, place, last.seq)) || rows.length < BATCH_ROWS) return;
  }
};

export const makeAuditShipping = (parts: ShippingParts): AuditShipping => {
  const { clock, log, store, destinations, intervalMs } = parts;
  const owner = randomUUID();
  const cancels = new Map<Destination, () => void>();
  const running = new Map<Destination, Promise<void>>();
  const end = new AbortController();

  const plan = (destination: Destination, failures: number): void => {
    if (end.signal.aborted) return;
    const pauseMs = Math.min(intervalMs * 2 ** Math.min(failures, 10), PAUSE_MS_MAX);
    const run = (): void => {
      running.set(destination, look(destination, failures));
    };
    cancels.set(destination, clock.after(Math.max(pauseMs, intervalMs), run));
  };

  const look = async (destination: Destination, failuresBefore: number): Promise<void> => {
    const { name } = destination;
    let failures = 0;
    try {
      await shipRest(parts, destination, owner, end.signal);
      if (failuresBefore > 0) log.info({ destination: name }, 'audit records are shipped again');
    } catch (error) {
      failures = failuresBefore + 1;
      if (failures === 1) log.error({ err: error, destination: name }, 'audit records wait');
    }
    plan(destination, failures);
  };

  return {
    start: () => {
      for (const destination of destinations) plan(destination, 0);
    },
    stop: async () => {
      end.abort();
      for (const cancel of cancels.values()) cancel();
      await Promise.all(running.values());
      await Promise.all(destinations.map((destination) => destination.close()));
      if (destinations.length > 0) await dropShipmentClaims(store.db, owner);
    },
  };
};
