// A private PostgreSQL for tests: its own directory, a free port on loopback, ended by its process id.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { Client } from 'pg';

import { freePort } from '../../lab/src/free-ports.ts';

export type PostgresServer = {
  /** A new, empty database; returns its URL. */
  readonly createDatabase: () => Promise<string>;
  readonly stop: () => Promise<void>;
};

const PROGRAMS = '/usr/lib/postgresql/15/bin';
const READY_MS_MAX = 30_000;
const LOOK_MS = 50;
const NO_USER = 'nobody else can read this directory';

/**
 * PostgreSQL refuses to run as root; Debian's package makes a user for it. setpriv becomes the program, so that its
 * process id is PostgreSQL's; runuser would stay in between and keep signals to itself.
 */
const asPostgres = (program: string, args: readonly string[]): readonly [string, string[]] => {
  const path = join(PROGRAMS, program);
  return process.getuid?.() === 0
    ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--init-groups', '--', path, ...args]]
    : [path, [...args]];
};

const makeDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'bessemer-postgres-'));
  // The directory inside it belongs to the user postgres and is closed to all others.
  chmodSync(directory, 0o711);
  const data = join(directory, 'data');
  if (process.getuid?.() === 0) {
    const made = spawnSync('install', ['-d', '-o', 'postgres', '-m', '0700', data]);
    if (made.status !== 0) throw new Error(`cannot make ${data}: ${NO_USER}`);
  }
  return directory;
};

export const startPostgres = async (): Promise<PostgresServer> => {
  const directory = makeDirectory();
  const data = join(directory, 'data');
  const [initdb, initdbArgs] = asPostgres('initdb', [
    '--no-sync',
    '--auth=trust',
    '--username=postgres',
    '--encoding=UTF8',
    '--no-locale',
    '--pgdata',
    data,
  ]);
  const made = spawnSync(initdb, initdbArgs, { cwd: '/', encoding: 'utf8' });
  if (made.status !== 0) {
    throw new Error(`initdb failed (is the Debian package postgresql there?): ${made.stderr}`);
  }
  const port = await freePort();
  const [postgres, postgresArgs] = asPostgres('postgres', [
    '-D',
    data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
    '-c',
    'fsync=off',
  ]);
  const child = spawn(postgres, postgresArgs, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4_000);
  });
  const exited = once(child, 'exit');
  const urlOf = (database: string): string => `postgresql://postgres@127.0.0.1:${port}/${database}`;
  const stop = async (): Promise<void> => {
    // The shutdown that waits for clients: a closed pool's connections may still be on their way out.
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
    rmSync(directory, { recursive: true, force: true });
  };
  const untilMs = performance.now() + READY_MS_MAX;
  while (!(await answers(urlOf('postgres')))) {
    if (child.exitCode !== null || performance.now() > untilMs) {
      await stop();
      throw new Error(`PostgreSQL did not start: ${log}`);
    }
    await pause(LOOK_MS);
  }
  let databases = 0;
  return {
    createDatabase: async () => {
      databases += 1;
      const name = `test${databases}`;
      await query(urlOf('postgres'), `create database ${name}`);
      return urlOf(name);
    },
    stop,
  };
};

const query = async (url: string, text: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
};

const answers = async (url: string): Promise<boolean> => {
  try {
    await query(url, 'select 1');
    return true;
  } catch (error) {
    return !(error instanceof Error);
  }
};
