// A real Barbican (Debian's, on SQLite, its secrets under a key in its configuration), beside a Keystone of the tests or
// alone. With Keystone its users are Keystone's: who has the role `creator` in a project stores there. Alone it takes
// everybody as the administrator of the project in the header `x-project-id`.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

import type { Keystone } from '../keystone/start-keystone.ts';
import { passwordOf } from '../keystone/people.ts';

export type Barbican = {
  /** Without `/v1`; the same after `goDown` and `comeBack`. */
  readonly url: string;
  readonly goDown: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const READY_MS_MAX = 60_000;
const PROGRAM = join(import.meta.dirname, 'serve.py');
const PYTHON = '/usr/bin/python3';
/** `nobody` and `nogroup` on Debian. */
const NOBODY = 65_534;
const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

const configurationOf = (directory: string, keystone: Keystone | undefined): string => `[DEFAULT]
use_stderr = false
log_file = ${join(directory, 'barbican.log')}
# Nobody is there: whoever follows a reference to its host gets nothing.
host_href = http://192.0.2.1
# Of this release; the ones after it have it in a section [database].
sql_connection = sqlite:///${join(directory, 'barbican.db')}
db_auto_create = true
[queue]
enable = false
[simple_crypto_plugin]
kek = '${randomBytes(32).toString('base64')}'
${keystone === undefined ? '' : loginOf(keystone)}`;

const loginOf = (keystone: Keystone): string => `[keystone_authtoken]
auth_type = password
auth_url = ${keystone.url}/v3
www_authenticate_uri = ${keystone.url}/v3
username = ironic
password = ${passwordOf('ironic')}
user_domain_id = default
project_name = service
project_domain_id = default
# The only one that the bootstrap of the tests makes.
interface = public
`;

const portIn = async (lines: Interface): Promise<number> => {
  const signal = AbortSignal.timeout(READY_MS_MAX);
  for await (const [text] of on(lines, 'line', { signal })) {
    const port = /^port (\d+)$/.exec(String(text))?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error('Barbican did not tell its port');
};

const serve = async (
  directory: string,
  port: number,
  who: 'keystone' | 'anyone',
): Promise<{ readonly port: number; readonly child: ChildProcess }> => {
  // As text: its user need not be able to read the repository.
  const program = await readFile(PROGRAM, 'utf8');
  const args = ['-c', program, String(port), who];
  const child = spawn(PYTHON, args, {
    cwd: directory,
    env: { PATH: '/usr/bin:/bin', HOME: directory, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...identity,
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000);
  });
  const lines = createInterface({ input: child.stdout });
  const found = await Promise.race<number>([
    portIn(lines),
    once(child, 'exit').then(([code]) => {
      throw new Error(`Barbican ended with ${code}: ${said.slice(-3_000)}`);
    }),
  ]);
  return { port: found, child };
};

/** With Keystone nobody may store in it until somebody has the role `creator` (see `allowStoring`). */
export const startBarbican = async (keystone?: Keystone): Promise<Barbican> => {
  const who = keystone === undefined ? 'anyone' : 'keystone';
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-barbican-'));
  await chmod(directory, 0o777);
  await writeFile(join(directory, 'barbican.conf'), configurationOf(directory, keystone));
  let served: Awaited<ReturnType<typeof serve>> | undefined = await serve(directory, 0, who);
  const { port } = served;
  const goDown = async (): Promise<void> => {
    const child = served?.child;
    served = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    goDown,
    comeBack: async () => {
      served ??= await serve(directory, port, who);
    },
    stop: async () => {
      await goDown();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** Lets a person of `people.ts` store secrets in the project `service`. */
export const allowStoring = async (
  { api, projectIds }: Keystone,
  person: string,
): Promise<void> => {
  const role = await api.create('roles', { name: 'creator' });
  const { users } = await api.ask('GET', `/users?name=${person}`);
  await api.ask('PUT', `/projects/${projectIds['service']}/users/${users[0].id}/roles/${role}`);
};
