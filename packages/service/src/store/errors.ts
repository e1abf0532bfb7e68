// What the engines call a broken unique index, and a store that cannot be written now, in one place.

/** A row with the same unique value exists; nothing was written. */
export class Conflict extends Error {
  /** `table.column` as the index names it, or the engine's text when it names none. */
  readonly what: string;

  constructor(what: string, cause: unknown) {
    super(`conflict on ${what}`, { cause });
    this.name = 'Conflict';
    this.what = what;
  }
}

/** What the schema of the store was made by is no part of this version, or not in its order; nothing was changed. */
export class StoreOfOtherVersion extends Error {
  constructor(cause: unknown) {
    super(
      'the store was written by another version of the service, a newer one or one of development; ' +
        'start that one, or give this one a store of its own',
      { cause },
    );
    this.name = 'StoreOfOtherVersion';
  }
}

const SQLITE_UNIQUE = 2067;
const SQLITE_PRIMARY_KEY = 1555;
const POSTGRES_UNIQUE = '23505';

type EngineError = {
  readonly message: string;
  readonly errcode?: unknown;
  readonly code?: unknown;
  readonly detail?: unknown;
};

/** The conflict that `error` stands for, or undefined when it is something else. */
export const conflictOf = (error: unknown): Conflict | undefined => {
  if (!(error instanceof Error)) return undefined;
  const { message, errcode, code, detail }: EngineError = error;
  if (errcode === SQLITE_UNIQUE || errcode === SQLITE_PRIMARY_KEY) {
    // "UNIQUE constraint failed: node.name"
    return new Conflict(message.slice(message.lastIndexOf(' ') + 1), error);
  }
  if (code === POSTGRES_UNIQUE) {
    // "Key (name)=(n1) already exists." Of several columns the last one, as with SQLite.
    const column = /^Key \((?:[a-z_]+, )*([a-z_]+)\)/.exec(String(detail))?.[1];
    return new Conflict(column ?? message, error);
  }
  return undefined;
};

/** Runs `work`; a broken unique index comes out as Conflict. */
export const withConflicts = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw conflictOf(error) ?? error;
  }
};

export const isConflictOn = (error: unknown, column: string): boolean =>
  error instanceof Conflict && (error.what === column || error.what.endsWith(`.${column}`));

/** Busy, input/output, full, cannot open: mendable from outside, and then the same write succeeds. */
const SQLITE_UNAVAILABLE = new Set([5, 6, 8, 10, 13, 14]);
const SQLITE_PRIMARY_CODE_MASK = 0xff;
/** Connection, resources, operator intervention, system error; a rival whom the engine let go on instead of us. */
const POSTGRES_UNAVAILABLE_PATTERN = /^(?:08|53|57|58|40001|40P01)/;
const SOCKET_UNAVAILABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** Whether the store, and not the write, is what is wrong: the disk is full, the database is away. */
export const isStoreUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { errcode, code }: EngineError = error;
  if (typeof errcode === 'number')
    return SQLITE_UNAVAILABLE.has(errcode & SQLITE_PRIMARY_CODE_MASK);
  if (typeof code !== 'string') return false;
  return POSTGRES_UNAVAILABLE_PATTERN.test(code) || SOCKET_UNAVAILABLE.has(code);
};
