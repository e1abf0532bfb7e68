// Whether two tokens of one node ever live at once, looked at in the store itself while something goes on.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EACH_MS = 20;
/** A service that begins anew after its death holds the store for a moment. */
const LOCKED_MS_MAX = 10_000;

export type LiveTokens = {
  /** Most open sessions of one node that were ever seen at once. */
  readonly openMax: number;
  /** Sealed tokens of sessions that are over. */
  readonly leftOver: number;
};

const query = (path: string, sql: string): number => {
  const database = new DatabaseSync(path, { readOnly: true, timeout: LOCKED_MS_MAX });
  try {
    return Number(database.prepare(sql).get()?.['n'] ?? 0);
  } finally {
    database.close();
  }
};

const OPEN =
  'select max(n) as n from (select count(*) as n from agent_session where closed_at_ms is null group by node_uuid)';
const LEFT_OVER =
  'select count(*) as n from agent_session where closed_at_ms is not null and (token_sealed is not null or pending_token_sealed is not null or key_sealed is not null)';

export const watchTokens = async (
  directory: string,
  work: Promise<unknown>,
): Promise<LiveTokens> => {
  const path = join(directory, 'data', 'bessemer.sqlite');
  const over = new AbortController();
  let openMax = 0;
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      openMax = Math.max(openMax, query(path, OPEN));
      await pause(LOOK_EACH_MS);
    }
  };
  const ended = work.finally(() => over.abort());
  await Promise.all([ended, watch()]);
  return { openMax, leftOver: query(path, LEFT_OVER) };
};
