// Where audit records are shipped to, and what a shipped record is.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';

/** A row of the audit log as receivers get it: what happened, its number and its hash in the chain; never a secret. */
export type ShippedRecord = {
  /** Without gaps, so that a receiver sees what it lacks, and what it has twice. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly event: string;
  readonly severity: string;
  readonly outcome: string;
  readonly node: string | null;
  readonly session: string | null;
  readonly boot: number | null;
  readonly source: string | null;
  readonly agentVersion: string | null;
  readonly request: string | null;
  readonly detail: JsonObject;
  readonly hash: string;
};

export type Destination = {
  readonly name: 'syslog' | 'webhook';
  /**
   * Resolves when the receiver has all of them, as far as its protocol tells. Throws Failure `audit.not-shipped`, also when `end`
   * cut it off.
   */
  readonly ship: (records: readonly ShippedRecord[], end?: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Any error of a connection as a failure that names the receiver. */
export const notShipped = (name: Destination['name'], why: string): Failure =>
  new Failure(
    'audit.not-shipped',
    `The ${name} receiver ${why}. Nothing is lost: it is tried again.`,
  );

/** A receiver that does not take a batch in so long is away. */
export const SHIP_MS_MAX = 20_000;

export const inTime = (end: AbortSignal | undefined): AbortSignal => {
  const late = AbortSignal.timeout(SHIP_MS_MAX);
  return end === undefined ? late : AbortSignal.any([end, late]);
};
