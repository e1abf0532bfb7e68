// Learns the secrets of live sessions from the store, as only who has the keys can, and looks meanwhile at what others
// could see of the processes and the machines.

import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';

import { openKeyRing, type KeyRing } from '../../packages/service/src/trust/key-ring.ts';
import { PROCESS_FILES, readProcesses } from './process-files.ts';

const LOOK_EACH_MS = 50;
/** A copy of the store is searched stretch by stretch. */
const DATABASE_EACH_MS = 3_000;
const TOKEN_CHARS = 43;
/** Long enough that it stands for nothing else; shorter than a line of PEM. */
const KEY_PIECE_CHARS = 40;

/** Where something was found, and all the text of that place. */
export type Places = Map<string, string>;

export type Watch = {
  /** Tokens and pieces of private keys. */
  readonly secrets: ReadonlySet<string>;
  /** Of these the tokens that are or were some session's. */
  readonly tokens: () => readonly string[];
  readonly processes: Places;
  readonly databases: Places;
  /** What `alsoLook` collected. */
  readonly others: Places;
};

export type WatchOptions = {
  readonly data: string;
  /** Called with each look; adds to the places. */
  readonly alsoLook: (places: Places) => Promise<void>;
};

const databasePath = (data: string): string => join(data, 'bessemer.sqlite');

const withDatabase = <T>(data: string, work: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(databasePath(data), { readOnly: true });
  try {
    return work(database);
  } finally {
    database.close();
  }
};

/** Base64 of the key itself: however it is wrapped, some line of it is there whole. */
const piecesOf = (pem: string): readonly string[] =>
  pem.split('\n').filter((line) => line.length >= KEY_PIECE_CHARS && !line.startsWith('-----'));

const openSecrets = (data: string, ring: KeyRing): readonly string[] =>
  withDatabase(data, (database) =>
    database
      .prepare('select * from agent_session where closed_at_ms is null')
      .all()
      .flatMap((row) => {
        const identity = `v1 ${String(row['node_uuid'])} ${String(row['id'])} ${String(row['boot_no'])}`;
        const open = (purpose: string, column: string): readonly string[] => {
          const sealed = row[column];
          if (typeof sealed !== 'string') return [];
          return [ring.open(sealed, `bessemer/${purpose}/${identity}`).toString()];
        };
        return [
          ...open('agent-token', 'token_sealed'),
          ...open('agent-token', 'pending_token_sealed'),
          ...open('agent-key', 'key_sealed').flatMap(piecesOf),
        ];
      }),
  );

export const databaseText = async (data: string): Promise<string> => {
  const path = databasePath(data);
  const files = await Promise.all(
    [path, `${path}-wal`].map((file) => readFile(file, 'latin1').catch(() => '')),
  );
  return files.join('\n');
};

const lookAtProcesses = (places: Places): void => {
  for (const what of PROCESS_FILES) {
    const known = new Set((places.get(what) ?? '').split('\n'));
    for (const text of readProcesses(what)) known.add(text);
    places.set(what, [...known].join('\n'));
  }
};

/** Looks again and again while `work` goes on. */
export const watchWhile = async (work: Promise<unknown>, options: WatchOptions): Promise<Watch> => {
  const { data } = options;
  const ring = await openKeyRing(join(data, 'keys'));
  const secrets = new Set<string>();
  const processes: Places = new Map();
  const databases: Places = new Map();
  const others: Places = new Map();
  const over = new AbortController();
  let nextDatabaseMs = 0;
  const look = async (): Promise<void> => {
    for (const secret of openSecrets(data, ring)) secrets.add(secret);
    lookAtProcesses(processes);
    await options.alsoLook(others);
    if (performance.now() < nextDatabaseMs) return;
    nextDatabaseMs = performance.now() + DATABASE_EACH_MS;
    databases.set(`database ${databases.size}`, await databaseText(data));
  };
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await look();
      await pause(LOOK_EACH_MS);
    }
  };
  const ended = work.finally(() => over.abort());
  await Promise.all([ended, watch()]);
  databases.set('database at the end', await databaseText(data));
  const hashes = tokenHashes(data);
  return {
    secrets,
    tokens: () => [...secrets].filter((each) => hashes.has(digestOf(each))),
    processes,
    databases,
    others,
  };
};

const digestOf = (text: string): string => hash('sha256', text);

export const tokenHashes = (data: string): ReadonlySet<string> =>
  withDatabase(
    data,
    (database) =>
      new Set(
        database
          .prepare('select token_hash from agent_session where token_hash is not null')
          .all()
          .map((row) => String(row['token_hash'])),
      ),
  );

/** Every stretch of a text that could be a token: whose digest is stored is one. `done` is what was tried before. */
const holdsToken = (text: string, hashes: ReadonlySet<string>, done: Set<string>): boolean => {
  for (const [run] of text.matchAll(/[A-Za-z0-9_-]{43,}/g)) {
    for (let at = 0; at + TOKEN_CHARS <= run.length; at += 1) {
      const stretch = run.slice(at, at + TOKEN_CHARS);
      if (done.has(stretch)) continue;
      if (hashes.has(digestOf(stretch))) return true;
      done.add(stretch);
    }
  }
  return false;
};

/** Names of the places that hold any of the secrets; never the secret. */
export const hunt = (
  places: ReadonlyMap<string, string>,
  secrets: Iterable<string>,
  hashes: ReadonlySet<string>,
): readonly string[] => {
  const known = [...secrets];
  const done = new Set<string>();
  return [...places]
    .filter(
      ([, text]) => known.some((each) => text.includes(each)) || holdsToken(text, hashes, done),
    )
    .map(([place]) => place);
};
