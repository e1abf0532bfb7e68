// The day on which a person needs the password of a BMC, on the real service and simulated machines: kit, export, opening,
// and that what was seen is worth nothing soon after. Then everything that the service wrote is searched for what it must
// not have written.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { ACCOUNT_PASSWORD, manageAccounts } from './harness/accounts.ts';
import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, waitForState } from './harness/node.ts';
import {
  type Answer,
  BESSEMER,
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const run = promisify(execFile);

const STEP_MS_MAX = 60_000;

let directory: string;
let lab: Lab;
let service: RunningService;
let node: string;
let recipient: string;
/** Every password that somebody saw in here. */
const seen: string[] = [];

const kitPath = (): string => join(directory, 'kit');
const keyPath = (): string => join(directory, 'key');

const start = (...settings: readonly string[]): Promise<RunningService> =>
  startService({
    directory,
    settings: [
      'DEFAULT.log_level=trace',
      `deploy.ramdisk_iso=${lab.machines[0]?.deploy_iso}`,
      `bmc_credentials.break_glass_directory=${kitPath()}`,
      `bmc_credentials.break_glass_recipients=${recipient}`,
      ...settings,
    ],
  });

before(async () => {
  directory = await makeDirectory();
  await run('age-keygen', ['-o', keyPath()]);
  recipient = (await run('age-keygen', ['-y', keyPath()])).stdout.trim();
  lab = await labUp('--kind', 'simulated', '--disk', 'virtio:16M');
  service = await start();
  const [machine] = lab.machines;
  assert.ok(machine);
  node = await makeNode(service, machine);
  await askFor(service, node, 'manage');
  await waitForState(service, node, ['manageable'], STEP_MS_MAX);
});

after(async () => {
  await service?.stop();
  await lab?.down();
  await removeDirectory(directory);
});

type Login = { readonly username: string; readonly password: string };

/** What the BMC answers to a login. */
const loginStatus = ({ username, password }: Login): Promise<number> => {
  const info = lab.machines[0]?.driver_info ?? {};
  const url = new URL('/redfish/v1/SessionService/Sessions', info['redfish_address']);
  const options = {
    method: 'POST',
    ca: readFileSync(info['redfish_verify_ca'] ?? ''),
    headers: { 'content-type': 'application/json' },
  };
  return new Promise((resolve, reject) => {
    request(url, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end(JSON.stringify({ UserName: username, Password: password }));
  });
};

type Status = {
  readonly state: string;
  readonly frozen: { readonly until: string | null } | null;
  readonly last_result: { readonly outcome: string; readonly rotation: string } | null;
  readonly rotation: object | null;
};

const passthru = (method: string): string => `/v1/nodes/${node}/vendor_passthru/${method}`;

const status = async (): Promise<Status> =>
  (await service.call('GET', passthru('bmc_credential_status'))).body as Status;

/** Waits for a rotation other than `before`. */
const rotated = async (before: Status): Promise<void> => {
  const isOver = (now: Status): boolean =>
    now.rotation === null && now.last_result?.rotation !== before.last_result?.rotation;
  const now = await waitFor(status, isOver, STEP_MS_MAX);
  assert.equal(now.last_result?.outcome, 'succeeded');
};

const rotate = async (): Promise<void> => {
  const before = await status();
  const asked = await service.call('POST', passthru('rotate_bmc_password'), {});
  assert.equal(asked.status, 202, asked.text);
  await rotated(before);
};

const kit = (): readonly string[] => readdirSync(kitPath());

/** The one file of the node, once it is there and has another name than `old`. */
const newFile = async (old?: string): Promise<string> => {
  const isNew = (names: readonly string[]): boolean => names.length === 1 && names[0] !== old;
  const [name = ''] = await waitFor(async () => kit(), isNew, STEP_MS_MAX);
  return name;
};

/** With nothing of ours. */
const openByAge = async (path: string): Promise<Login> => {
  const { stdout } = await run('age', ['-d', '-i', keyPath(), path]);
  const login = JSON.parse(stdout) as Login;
  seen.push(login.password);
  return login;
};

const openKit = async (name: string): Promise<Login> => openByAge(join(kitPath(), name));

const bmc = (
  words: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string }> =>
  run(BESSEMER, ['bmc', ...words], {
    env: {
      ...process.env,
      OS_CLIENT_CONFIG_FILE: join(directory, 'data', 'clouds.yaml'),
      OS_CLOUD: 'bessemer',
    },
  });

const events = async (): Promise<readonly string[]> => {
  const answer = await service.call('GET', `/bessemer/nodes/${node}/audit?limit=1000`);
  const { audit } = answer.body as { readonly audit: readonly { readonly event: string }[] };
  return audit.map(({ event }) => event);
};

test('after a rotation the kit has a login that the BMC takes', async () => {
  await rotate();

  assert.equal(await loginStatus(await openKit(await newFile())), 201);
});

test('the next rotation makes the file of before worthless, and writes another', async () => {
  const old = await newFile();
  const before = await openKit(old);

  await rotate();

  assert.equal(await loginStatus(await openKit(await newFile(old))), 201);
  assert.equal(await loginStatus(before), 401);
});

test('what a crash left out of the kit is written at the next start', async () => {
  await service.kill();
  for (const name of kit()) rmSync(join(kitPath(), name));

  service = await start();

  assert.equal(await loginStatus(await openKit(await newFile())), 201);
});

test('an export freezes the node, and a thaw changes what was seen at once', async () => {
  const out = join(directory, 'export.age');
  const words = ['export', node, '--reason', 'drill', '--recipient', recipient, '--out', out];
  await bmc(words);
  const login = await openByAge(out);
  assert.equal(await loginStatus(login), 201);
  const held = await status();
  assert.equal(held.state, 'frozen');
  const refused = await service.call('POST', passthru('rotate_bmc_password'), {});
  assert.equal(refused.status, 409, refused.text);

  await bmc(['thaw', node]);
  await rotated(held);

  assert.equal(await loginStatus(login), 401);
  const told = await events();
  for (const name of ['bmc.export.requested', 'bmc.export.done', 'bmc.thawed']) {
    assert.ok(told.includes(name), name);
  }
});

test('a person cannot keep what they saw by freezing the node', async () => {
  const before = await status();
  await bmc(['export', node, '--reason', 'drill', '--recipient', recipient]);
  const { frozen } = await status();

  await bmc(['freeze', node, '--reason', 'I like it so']);
  assert.deepEqual((await status()).frozen?.until, frozen?.until);

  await bmc(['thaw', node]);
  await rotated(before);
});

test('an opened file of the kit is told, and its password is changed at the end of its hour', async () => {
  const name = await newFile();
  const words = ['open', join(kitPath(), name), '--identity', keyPath(), '--force'];

  const { stdout, stderr } = await bmc(words);

  const [, password = ''] = /^password +(\S+)$/m.exec(stdout) ?? [];
  seen.push(password);
  assert.match(stderr, /^The service was told\. It changes this password at /);
  const { frozen } = await status();
  const leftMs = Date.parse(frozen?.until ?? '') - Date.now();
  assert.ok(leftMs > 0 && leftMs <= 3_600_000, `${leftMs} ms`);
  assert.ok((await events()).includes('bmc.reveal'));
});

test('a hold whose time is over ends without anybody, and the password is changed', async () => {
  const before = await status();
  const login = await openKit(await newFile());
  await service.stop();
  // The clock of the service cannot be moved; its row can.
  const db = new DatabaseSync(join(directory, 'data', 'bessemer.sqlite'));
  db.exec(`update bmc_credential set frozen = json_set(frozen, '$.untilMs', 1)`);
  db.close();

  service = await start();
  await rotated(before);

  assert.equal(await loginStatus(login), 401);
});

const exportBy = async (user: string, body: object): Promise<Answer> => {
  const response = await fetch(new URL(`/bessemer/nodes/${node}/bmc-export`, service.url), {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${user}:${ACCOUNT_PASSWORD}`).toString('base64')}`,
      'content-type': 'application/json',
      'x-openstack-ironic-api-version': 'latest',
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
};

test('two persons: nobody exports alone', async () => {
  await service.stop();
  service = await start('bmc_credentials.export_approvals=2');
  for (const user of ['ada', 'grace']) {
    await manageAccounts(directory, 'add', user, '--role', 'admin', '--system');
  }
  const asked = await exportBy('ada', { reason: 'drill', recipient });
  assert.equal(asked.status, 202, asked.text);
  const { id } = asked.body as { readonly id: string };
  assert.equal((await exportBy('ada', { approve: id })).status, 403);
  const given = await exportBy('grace', { approve: id });

  assert.equal(given.status, 200, given.text);
  assert.match((given.body as { file: string }).file, /^-----BEGIN AGE ENCRYPTED FILE-----/);
});

test('no password that anybody saw is in the log, the database, or any answer', async () => {
  const answers = await Promise.all(
    [
      `/v1/nodes/${node}`,
      `/v1/nodes/${node}/history?detail=true`,
      `/bessemer/nodes/${node}/journal`,
      `/bessemer/nodes/${node}/why`,
      `/bessemer/nodes/${node}/audit`,
      passthru('bmc_credential_status'),
      passthru('audit_bmc_accounts'),
      '/metrics',
    ].map(async (path) => (await service.call('GET', path)).text),
  );
  await service.stop();
  const data = join(directory, 'data');
  const files = readdirSync(data).filter((name) => name.startsWith('bessemer.sqlite'));
  const places = [
    ...answers,
    readFileSync(service.logPath, 'latin1'),
    ...files.map((name) => readFileSync(join(data, name), 'latin1')),
  ];

  assert.ok(new Set(seen).size >= 3 && seen.every((password) => password.length >= 12));
  for (const password of seen) {
    assert.ok(!places.some((place) => place.includes(password)), 'a password was written down');
  }
});
