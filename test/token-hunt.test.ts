// A machine is inspected, cleaned, deployed and given back, and then everything that others can read is searched for
// what only the agent, the BMC and the service may know: tokens, the agents' private keys, the BMC's password.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { openKeyRing, type KeyRing } from '../packages/service/src/trust/key-ring.ts';
import { makeRawImage } from './harness/images.ts';
import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, patchNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

const STEP_MS_MAX = 60_000;
const LOOK_EACH_MS = 50;
const TOKEN_CHARS = 43;
/** Long enough that it stands for nothing else; shorter than a line of PEM. */
const KEY_PIECE_CHARS = 40;

/** Where something was found, in the order of looking. */
type Haystack = ReadonlyMap<string, string>;

type Seen = {
  /** Tokens and pieces of private keys, opened from the live sessions. */
  readonly secrets: Set<string>;
  readonly commandLines: Set<string>;
  readonly databases: Set<string>;
};

let directory: string;
let service: RunningService;
let lab: Lab;

before(async () => {
  directory = await makeDirectory();
  lab = await labUp('--kind', 'simulated', '--disk', 'virtio:128M');
  service = await startService({
    directory,
    args: ['--auth', 'none'],
    settings: [
      'DEFAULT.log_level=debug',
      `image.file_directories=${directory}`,
      `deploy.ramdisk_iso=${lab.machines[0]?.deploy_iso}`,
    ],
  });
});

after(async () => {
  await service?.stop();
  await lab?.down();
  await removeDirectory(directory);
});

const databasePath = (): string => join(directory, 'data', 'bessemer.sqlite');

const withDatabase = <T>(work: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(databasePath(), { readOnly: true });
  try {
    return work(database);
  } finally {
    database.close();
  }
};

/** Base64 of the key itself: however it is wrapped, some line of it is there whole. */
const piecesOf = (pem: string): readonly string[] =>
  pem.split('\n').filter((line) => line.length >= KEY_PIECE_CHARS && !line.startsWith('-----'));

const openSecrets = (ring: KeyRing): readonly string[] =>
  withDatabase((database) =>
    database
      .prepare('select * from agent_session where token_sealed is not null')
      .all()
      .flatMap((row) => {
        const identity = `v1 ${String(row['node_uuid'])} ${String(row['id'])} ${String(row['boot_no'])}`;
        const open = (purpose: string, sealed: unknown): string =>
          ring.open(String(sealed), `bessemer/${purpose}/${identity}`).toString();
        const token = open('agent-token', row['token_sealed']);
        return [token, ...piecesOf(open('agent-key', row['key_sealed']))];
      }),
  );

const commandLines = async (): Promise<readonly string[]> => {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    // Some end while they are looked at.
    processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')),
  );
};

const databaseText = async (): Promise<string> => {
  const files = [databasePath(), `${databasePath()}-wal`];
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
  return texts.join('\n');
};

/** Looks again and again while `work` goes on. */
const watching = async (work: Promise<void>): Promise<Seen> => {
  const ring = await openKeyRing(join(directory, 'data', 'keys'));
  const seen: Seen = { secrets: new Set(), commandLines: new Set(), databases: new Set() };
  const over = new AbortController();
  const look = async (): Promise<void> => {
    const known = seen.secrets.size;
    for (const secret of openSecrets(ring)) seen.secrets.add(secret);
    if (seen.secrets.size > known) seen.databases.add(await databaseText());
    for (const line of await commandLines()) seen.commandLines.add(line);
  };
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await look();
      await pause(LOOK_EACH_MS);
    }
  };
  const ended = work.finally(() => over.abort());
  await Promise.all([ended, watch()]);
  seen.databases.add(await databaseText());
  return seen;
};

const wholeLife = async (uuid: string): Promise<void> => {
  const image = await makeRawImage(directory);
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await askFor(service, uuid, 'inspect');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await askFor(service, uuid, 'provide');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
  await patchNode(service, uuid, {
    '/instance_info/image_source': `file://${image.path}`,
    '/instance_info/image_os_hash_algo': 'sha256',
    '/instance_info/image_os_hash_value': image.sha256,
  });
  await askFor(service, uuid, 'active', { configdrive: { meta_data: { hostname: 'h' } } });
  await waitForState(service, uuid, ['active'], STEP_MS_MAX);
  await askFor(service, uuid, 'deleted');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
};

const VERSIONS = ['1.1', '1.22', '1.61', '1.62', '1.68', '1.82', '1.115'];

const answers = async (uuid: string): Promise<Haystack> => {
  const paths = [
    `/v1/nodes/${uuid}`,
    '/v1/nodes/detail',
    `/v1/nodes/${uuid}/states`,
    `/v1/nodes/${uuid}/history`,
    `/v1/nodes/${uuid}/inventory`,
    `/bessemer/nodes/${uuid}/why`,
    `/bessemer/nodes/${uuid}/journal?limit=1000`,
    `/bessemer/nodes/${uuid}/erasures`,
  ];
  const found = new Map<string, string>();
  for (const version of VERSIONS) {
    for (const path of paths) {
      const headers = { 'X-OpenStack-Ironic-API-Version': version };
      const response = await fetch(new URL(path, service.url), { headers });
      found.set(`${path} at ${version}: ${response.status}`, await response.text());
    }
  }
  return found;
};

const tokenHashes = (): ReadonlySet<string> =>
  withDatabase(
    (database) =>
      new Set(
        database
          .prepare('select token_hash from agent_session where token_hash is not null')
          .all()
          .map((row) => String(row['token_hash'])),
      ),
  );

/** Every stretch of a text that could be a token: whose digest is stored is one. */
const holdsToken = (text: string, hashes: ReadonlySet<string>): boolean => {
  const done = new Set<string>();
  for (const [run] of text.matchAll(/[A-Za-z0-9_-]{43,}/g)) {
    for (let at = 0; at + TOKEN_CHARS <= run.length; at += 1) {
      const stretch = run.slice(at, at + TOKEN_CHARS);
      if (done.has(stretch)) continue;
      done.add(stretch);
      if (hashes.has(createHash('sha256').update(stretch).digest('hex'))) return true;
    }
  }
  return false;
};

/** Names of the places that hold any of the secrets; never the secret. */
const hunt = (
  places: Haystack,
  secrets: Iterable<string>,
  hashes: ReadonlySet<string>,
): readonly string[] => {
  const known = [...secrets];
  return [...places]
    .filter(([, text]) => known.some((each) => text.includes(each)) || holdsToken(text, hashes))
    .map(([place]) => place);
};

test('what only agent, BMC and service may know is nowhere that others can read', async () => {
  const [machine] = lab.machines;
  assert.ok(machine);
  const password = machine.driver_info['redfish_password'] ?? '';
  assert.ok(password.length > 0);
  const uuid = await makeNode(service, machine);

  const seen = await watching(wholeLife(uuid));

  const hashes = tokenHashes();
  const tokens = [...seen.secrets].filter((each) =>
    hashes.has(createHash('sha256').update(each).digest('hex')),
  );
  // One each for inspecting, cleaning, deploying and cleaning again; and their keys.
  assert.equal(hashes.size, 4);
  assert.equal(tokens.length, hashes.size);
  assert.ok(seen.secrets.size > 2 * tokens.length);
  const control = new Map([['control', `x${tokens[0]}x`]]);
  assert.deepEqual(hunt(control, [], hashes), ['control'], 'the hunt finds what is there');

  const log = await readFile(service.logPath, 'utf8');
  assert.match(log, /"level":"debug"/);
  const shared = await answers(uuid);
  assert.ok([...shared.keys()].some((place) => place.includes('/inventory at 1.115: 200')));
  const open = new Map([
    ...shared,
    ['log', log],
    ['command lines', [...seen.commandLines].join('\n')],
  ]);
  const databases = new Map([...seen.databases].map((text, index) => [`database ${index}`, text]));

  assert.deepEqual(hunt(open, [...seen.secrets, password], hashes), []);
  // The password stands in driver_info, as it was given.
  assert.deepEqual(hunt(databases, seen.secrets, hashes), []);
});
