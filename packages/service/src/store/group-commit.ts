// Transactions that wait for each other anyway share one commit. SQLite has one writer, and what a commit costs is
// the disk's flush: the transactions that arrive while one is being flushed run one after another inside the next,
// each under a savepoint of its own. Each is answered when all of it is durable; one that fails takes nothing with
// it. Nothing waits for company: a lone transaction starts at once.

import { type Kysely, sql, type Transaction } from 'kysely';

import type { Schema } from './schema.ts';

type Work = (transaction: Transaction<Schema>) => Promise<unknown>;

type Queued = {
  readonly work: Work;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

type Outcome = { readonly queued: Queued; readonly value?: unknown; readonly error?: unknown };

/** More would make the first of them wait too long for the last. */
const GROUP_MAX = 256;

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const runUnderSavepoint = async (
  transaction: Transaction<Schema>,
  queued: Queued,
): Promise<Outcome> => {
  await sql`savepoint member`.execute(transaction);
  try {
    const value = await queued.work(transaction);
    await sql`release member`.execute(transaction);
    return { queued, value };
  } catch (error) {
    try {
      await sql`rollback to member`.execute(transaction);
    } catch {
      // The engine has ended the whole transaction (disk full): nobody's work is kept, and the first error says why.
      throw error;
    }
    await sql`release member`.execute(transaction);
    return { queued, error };
  }
};

export const makeGroupCommit = (
  db: Kysely<Schema>,
): (<T>(work: (transaction: Transaction<Schema>) => Promise<T>) => Promise<T>) => {
  const queue: Queued[] = [];
  let isRunning = false;

  /** Whoever asks before the connection is free, or while the others are at work, still gets in. */
  const runGroup = async (): Promise<void> => {
    const taken: Queued[] = [];
    const outcomes: Outcome[] = [];
    try {
      await db.transaction().execute(async (transaction) => {
        while (taken.length < GROUP_MAX) {
          const queued = queue.shift();
          if (queued === undefined) break;
          taken.push(queued);
          outcomes.push(await runUnderSavepoint(transaction, queued));
        }
      });
    } catch (error) {
      const failed = taken.length > 0 ? taken : queue.splice(0, GROUP_MAX);
      for (const { reject } of failed) reject(error);
      return;
    }
    for (const outcome of outcomes) {
      if ('error' in outcome) outcome.queued.reject(outcome.error);
      else outcome.queued.resolve(outcome.value);
    }
  };

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      await runGroup();
      // Everything here is done in one turn of the loop, for SQLite never waits: without a pause between two groups
      // nobody who reads before it writes would get as far as the next one, and no request would be read meanwhile.
      await nextTurn();
    }
    isRunning = false;
  };

  return <T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      queue.push({ work, resolve: resolve as (value: unknown) => void, reject });
      if (isRunning) return;
      isRunning = true;
      // At the end of this turn: whatever else it asks for goes along.
      queueMicrotask(() => void drain());
    });
};
