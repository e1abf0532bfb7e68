// Rotations on the real service, which logs everything: the passwords that the BMC got are in none of its logs, files,
// answers, arguments and environments.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { systemClock } from '../packages/service/src/clock.ts';
import { FACTORY, openSceneBmc, type SceneBmc } from '../packages/service/test/bmc-kill/lab-bmc.ts';
import { askFor, waitForState } from './harness/node.ts';
import { type ProcessWatch, watchProcesses } from './harness/process-watch.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const STEP_MS_MAX = 60_000;
/** Chosen by a person who may not do so. */
const SUPPLIED = 'Canary-Supplied-7';

type Status = {
  readonly state: string;
  readonly last_result: { readonly outcome: string; readonly at: string } | null;
};

let directory: string;
let bmc: SceneBmc;
let service: RunningService;
let watch: ProcessWatch;
const secrets = new Set([FACTORY.password, SUPPLIED]);
/** Everything that could be seen, by where. */
const places = new Map<string, string>();

const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
  const answer = await service.call(method, path, body);
  places.set('answers', `${places.get('answers') ?? ''}\n${answer.text}`);
  return answer.body;
};

const learnSecrets = (): void => {
  for (const { password, passwordsBefore } of bmc.redfish?.accounts ?? []) {
    for (const each of [password, ...passwordsBefore]) if (each !== '') secrets.add(each);
  }
};

const passthru = (name: string): string => `/v1/nodes/n1/vendor_passthru/${name}`;

const statusOf = async (): Promise<Status> =>
  (await call('GET', passthru('bmc_credential_status'))) as Status;

/** Until the next result is there, whichever it is. */
const rotate = async (): Promise<Status> => {
  const before = (await statusOf()).last_result?.at;
  await call('POST', passthru('rotate_bmc_password'), {});
  const status = await waitFor(
    statusOf,
    ({ state, last_result: result }) => state !== 'rotating' && result?.at !== before,
    STEP_MS_MAX,
  );
  learnSecrets();
  return status;
};

const READS = [
  '',
  '/states',
  '/history',
  '/history?detail=true',
  '/validate',
  '/vendor_passthru/methods',
  '/vendor_passthru/bmc_credential_status',
  '/vendor_passthru/audit_bmc_accounts',
];

const readAll = async (): Promise<void> => {
  for (const path of READS) await call('GET', `/v1/nodes/n1${path}`);
  await call('GET', '/v1/nodes/detail');
  for (const path of ['journal', 'why']) await call('GET', `/bessemer/nodes/n1/${path}`);
  await call('GET', '/bessemer/audit?limit=1000');
};

const live = async (): Promise<readonly string[]> => {
  await call('POST', '/v1/nodes', {
    driver: 'redfish',
    name: 'n1',
    driver_info: bmc.driverInfo,
  });
  await askFor(service, 'n1', 'manage');
  await waitForState(service, 'n1', ['manageable'], STEP_MS_MAX);
  const ends = [await rotate()];
  await readAll();
  ends.push(await rotate());
  // A policy, and a BMC that lies: what was refused is as secret as what is in use.
  bmc.setFault('password-special');
  ends.push(await rotate());
  bmc.mend();
  await call('POST', passthru('set_bmc_password'), { password: SUPPLIED });
  await call('POST', passthru('freeze_bmc_credentials'), { reason: 'a drill' });
  await call('POST', passthru('rotate_bmc_password'), {});
  await call('POST', passthru('thaw_bmc_credentials'), {});
  await readAll();
  return ends.map(({ state, last_result: result }) => `${state} ${result?.outcome}`);
};

const readFiles = (): void => {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) places.set(path, readFileSync(path, 'latin1'));
  }
};

let ends: readonly string[] = [];
before(async () => {
  directory = await makeDirectory();
  bmc = await openSceneBmc('redfish', systemClock);
  // A second rotation is not to wait for what a lockout would make it wait for.
  bmc.redfish?.faults.clear('lockout');
  watch = watchProcesses();
  service = await startService({
    directory,
    settings: ['DEFAULT.log_level=trace', 'redfish.allow_loopback=true'],
  });
  ends = await live();
  readFiles();
  await service.stop();
  readFiles();
  places.set('log', readFileSync(service.logPath, 'utf8'));
  places.set('processes', [...(await watch.end())].join('\n'));
});
after(async () => {
  await watch?.end();
  await service?.stop();
  await bmc?.close();
  await removeDirectory(directory);
});

test('the BMC got new passwords again and again', () => {
  assert.deepEqual(ends, ['managed succeeded', 'managed succeeded', 'managed succeeded']);
  // Two accounts, thrice each.
  assert.ok(secrets.size >= 8, String(secrets.size));
});

test('no password of the BMC is in a log, a file, an answer, an argument or an environment', () => {
  const disguises = [...secrets].flatMap((secret) =>
    [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')].map(
      (text) => text.replace(/=+$/, ''),
    ),
  );

  const found = [...places].filter(([, text]) => disguises.some((each) => text.includes(each)));

  assert.ok((places.get('log') ?? '').includes('rotat'), 'the log says what happened');
  // Not by its command: the script of that name is another program some milliseconds later.
  assert.ok(
    (places.get('processes') ?? '').includes(`--data ${directory}`),
    'the service was seen',
  );
  assert.deepEqual(
    found.map(([place]) => place),
    [],
  );
});
