// SQLite through Node.js's own module, as a Kysely dialect. One connection, one process: API and conductor
// share it. WAL and synchronous=full: what was acknowledged survives a power cut.

import { DatabaseSync, type StatementSync } from 'node:sqlite';

import { SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely';

/** Statements kept prepared; more than the service has distinct queries, so that nothing hot is ever dropped. */
const STATEMENTS_MAX = 500;
/** Another process may hold the file for a moment (a backup); after that it is a fault. */
const BUSY_MS = 5_000;

const ROLLBACK = 'rollback';

/**
 * A full disk makes SQLite end the transaction by itself. To roll back then is an error, which would hide the one
 * that tells what happened.
 */
const rollbackOf = (raw: DatabaseSync): SqliteStatement => {
  const run = (): { changes: number; lastInsertRowid: number } => {
    if (raw.isTransaction) raw.exec(ROLLBACK);
    return { changes: 0, lastInsertRowid: 0 };
  };
  return { reader: false, all: () => [], run, iterate: () => [][Symbol.iterator]() };
};

const adapt = (raw: DatabaseSync): SqliteDatabase => {
  const cache = new Map<string, SqliteStatement>();
  const wrap = (statement: StatementSync): SqliteStatement => ({
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as never[])),
    run: (parameters) => statement.run(...(parameters as never[])),
    iterate: (parameters) => statement.iterate(...(parameters as never[])),
  });
  return {
    prepare: (text) => {
      const known = cache.get(text);
      if (known !== undefined) return known;
      if (cache.size >= STATEMENTS_MAX) cache.clear();
      const made = text === ROLLBACK ? rollbackOf(raw) : wrap(raw.prepare(text));
      cache.set(text, made);
      return made;
    },
    close: () => raw.close(),
  };
};

export const openSqliteFile = (path: string): DatabaseSync => {
  const raw = new DatabaseSync(path, { timeout: BUSY_MS });
  raw.exec('pragma journal_mode = wal');
  raw.exec('pragma synchronous = full');
  raw.exec('pragma foreign_keys = on');
  return raw;
};

export const sqliteDialect = (raw: DatabaseSync): SqliteDialect =>
  new SqliteDialect({ database: adapt(raw) });
