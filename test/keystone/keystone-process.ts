// One Keystone: its directory with configuration, database and keys, and the process that serves it. As root it runs as
// nobody, like any service that needs no rights.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';

import { ADMIN } from './keystone-login.ts';

const READY_MS_MAX = 60_000;
const PROGRAM = join(import.meta.dirname, 'serve.py');
const PYTHON = '/usr/bin/python3';
/** `nobody` and `nogroup` on Debian. */
const NOBODY = 65_534;

const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

const CONFIGURATION = 'keystone.conf';
const HOUR_SECONDS = 3_600;
const UNCACHED = ['assignment', 'identity', 'revoke', 'application_credential'] as const;

const configurationOf = (directory: string, tokenSeconds = HOUR_SECONDS): string => `[DEFAULT]
use_stderr = false
log_file = ${join(directory, 'keystone.log')}
[database]
connection = sqlite:///${join(directory, 'keystone.db')}
[fernet_tokens]
key_repository = ${join(directory, 'fernet-keys')}
[fernet_receipts]
key_repository = ${join(directory, 'fernet-keys')}
[credential]
key_repository = ${join(directory, 'credential-keys')}
[identity]
# Passwords of tests are no secrets, and each login checks one.
password_hash_rounds = 4
[cache]
# Names of roles and the catalog are read dozens of times for each token.
enabled = true
backend = dogpile.cache.memory
[token]
# Revoked tokens and changed grants count at once.
caching = false
expiration = ${tokenSeconds}
allow_expired_window = 3600
${UNCACHED.map((section) => `[${section}]\ncaching = false\n`).join('')}`;

const manage = (directory: string, ...args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const all = ['--config-file', join(directory, CONFIGURATION), ...args];
    execFile('keystone-manage', all, { cwd: directory, ...identity }, (error, _out, err) => {
      if (error === null) resolve();
      else reject(new Error(`keystone-manage ${args[0]}: ${err.slice(-2_000)}`));
    });
  });

const giveAway = async (path: string): Promise<void> => {
  if (identity.uid === undefined) return;
  await chown(path, identity.uid, identity.gid);
  for (const each of await readdir(path, { withFileTypes: true })) {
    const child = join(path, each.name);
    if (each.isDirectory()) await giveAway(child);
    else await chown(child, identity.uid, identity.gid);
  }
};

/** An empty Keystone with its administrator. */
export const makeKeystoneDirectory = async (directory: string): Promise<void> => {
  await mkdir(join(directory, 'fernet-keys'), { recursive: true, mode: 0o700 });
  await mkdir(join(directory, 'credential-keys'), { mode: 0o700 });
  await writeFile(join(directory, CONFIGURATION), configurationOf(directory));
  await giveAway(directory);
  await manage(directory, 'db_sync');
  await manage(directory, 'fernet_setup');
  const options = {
    password: ADMIN.password,
    'public-url': 'http://127.0.0.1/v3',
    'region-id': 'RegionOne',
  };
  const args = Object.entries(options).map(([name, value]) => `--bootstrap-${name}=${value}`);
  await manage(directory, 'bootstrap', ...args);
  // Keystone reads by one connection while it writes by another; only with this does SQLite let it. It stays.
  const database = new DatabaseSync(join(directory, 'keystone.db'));
  database.exec('PRAGMA journal_mode = WAL');
  database.close();
  await giveAway(directory);
};

/** `from` must not be served meanwhile. */
export const copyKeystoneDirectory = async (from: string, to: string): Promise<void> => {
  await cp(from, to, { recursive: true });
  await writeFile(join(to, CONFIGURATION), configurationOf(to));
  await giveAway(to);
};

export type KeystoneProcess = {
  readonly port: number;
  /** Ends at once, as by a crash. */
  readonly end: () => Promise<void>;
};

const portIn = async (child: ChildProcess, said: () => string): Promise<number> => {
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> });
  const line = await Promise.race<string>([
    once(lines, 'line', { signal: AbortSignal.timeout(READY_MS_MAX) }).then(([text]) => text),
    once(child, 'exit').then(([code]) => {
      throw new Error(`Keystone ended with ${code}: ${said().slice(-2_000)}`);
    }),
  ]);
  return Number(line);
};

/** Beside the one that serves: its tokens live for `tokenSeconds`, and are as good as others until then. */
export const serveShortTokens = async (
  directory: string,
  tokenSeconds: number,
): Promise<KeystoneProcess> => {
  const name = `keystone-${tokenSeconds}.conf`;
  await writeFile(join(directory, name), configurationOf(directory, tokenSeconds));
  await giveAway(directory);
  return serveKeystone(directory, 0, name);
};

/** `port` 0: any that is free. */
export const serveKeystone = async (
  directory: string,
  port: number,
  configuration = CONFIGURATION,
): Promise<KeystoneProcess> => {
  // As text: its user need not be able to read the repository.
  const program = await readFile(PROGRAM, 'utf8');
  const args = ['-c', program, join(directory, configuration), String(port)];
  const child = spawn(PYTHON, args, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...identity,
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000);
  });
  const ended = once(child, 'exit');
  const found = await portIn(child, () => said);
  return {
    port: found,
    end: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
};
