// `bessemer bmc`, against a service that is a small HTTP server; break-glass files are made by age itself.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';

import { CLI, type Ended, runProgram } from './run-cli.ts';
import { type StandIn, startStandIn } from './stand-in-service.ts';

const run = promisify(execFile);

const METHODS = '/v1/nodes/first/vendor_passthru';
const STATUS = `GET ${METHODS}/bmc_credential_status`;
const PASSWORD = 'Shown7once-canary';
const UUID = '6f2e0f0a-0000-4000-8000-000000000001';

let service: StandIn;
let environment: { readonly [name: string]: string };

beforeEach(async () => {
  service = await startStandIn();
  environment = { OS_CLIENT_CONFIG_FILE: service.cloudsPath, OS_CLOUD: '' };
});

afterEach(() => service.close());

const bmc = (...args: readonly string[]): Promise<Ended> =>
  runProgram(process.execPath, [CLI, 'bmc', ...args], environment);

const asked = (method: string): readonly unknown[] =>
  service.asked.filter((each) => each.method === method).map(({ path, body }) => [path, body]);

const status = (rotation: string, outcome: string) => ({
  status: 200,
  body: {
    state: 'managed',
    active_slot: 'b',
    slots: {
      a: { username: 'bsmr-a', state: 'standby', verified_at: null },
      b: { username: 'bsmr-b', state: 'active', verified_at: '2026-01-02T03:04:05Z' },
    },
    last_result: { rotation, outcome, at: '2026-01-02T03:04:06Z', text: `it ${outcome}` },
  },
});

test('status tells the accounts of a node', async () => {
  service.answer(STATUS, status('r1', 'succeeded'));

  const { stdout } = await bmc('status', 'first');

  assert.match(stdout, /^state +managed$/m);
  assert.match(stdout, /^account b +bsmr-b \(active, proved 2026-01-02T03:04:05Z\)$/m);
});

test('status of all nodes is a line for each', async () => {
  service.answer(
    `GET /v1/nodes/${UUID}/vendor_passthru/bmc_credential_status`,
    status('r1', 'succeeded'),
  );

  const { stdout } = await bmc('status', '-f', 'value');

  assert.match(stdout, /^first managed b /);
});

test('rotate asks, and ends', async () => {
  service.answer(`POST ${METHODS}/rotate_bmc_password`, { status: 202 });

  const { status: code, stdout } = await bmc('rotate', 'first', '--path', 'oob');

  assert.equal(code, 0);
  assert.match(stdout, /asked for/);
  assert.deepEqual(asked('POST'), [[`${METHODS}/rotate_bmc_password`, { path: 'oob' }]]);
});

for (const [outcome, code] of [
  ['succeeded', 0],
  ['failed', 1],
] as const) {
  test(`rotate --wait ends with ${code} when the rotation ${outcome}`, async () => {
    service.answer(STATUS, status('r1', 'succeeded'), status('r2', outcome));
    service.answer(`POST ${METHODS}/rotate_bmc_password`, { status: 202 });

    const ended = await bmc('rotate', 'first', '--wait');

    assert.equal(ended.status, code);
    assert.match(ended.stdout, new RegExp(`first +${outcome} +it ${outcome}`));
  });
}

test('what the service refuses is said in its words', async () => {
  const fault = 'The credentials of the BMC of node first are frozen.';
  service.answer(`POST ${METHODS}/rotate_bmc_password`, { status: 409, fault });

  const ended = await bmc('rotate', 'first');

  assert.deepEqual([ended.status, ended.stderr], [1, `bessemer: ${fault}\n`]);
});

test('neither a node nor --all, or both, is a usage error', async () => {
  assert.equal((await bmc('rotate')).status, 2);
  assert.equal((await bmc('rotate', 'first', '--all')).status, 2);
});

test('audit lists what was found and what could not be looked at, and ends with 1', async () => {
  service.answer(`GET ${METHODS}/audit_bmc_accounts`, {
    status: 200,
    body: {
      items: [
        {
          kind: 'unexpected-account',
          severity: 'high',
          text: 'The BMC has an account "mallory".',
          remedy: 'Disable it.',
          can_be_fixed: true,
        },
      ],
      gaps: [{ protocol: 'ipmi', what: 'exposure', code: 'bmc.unreachable', text: 'no answer' }],
    },
  });

  const ended = await bmc('audit', 'first');

  assert.equal(ended.status, 1);
  assert.match(
    ended.stdout,
    /first +high +unexpected-account +The BMC has an account "mallory"\. +by --fix/,
  );
  assert.match(ended.stdout, /first +unknown +exposure \(ipmi\) +no answer/);
});

test('audit of a BMC with which nothing is wrong ends with 0', async () => {
  service.answer(`GET ${METHODS}/audit_bmc_accounts`, {
    status: 200,
    body: { items: [], gaps: [] },
  });

  const ended = await bmc('audit', 'first');

  assert.deepEqual([ended.status, ended.stdout], [0, 'nothing found on one node\n']);
});

test('freeze tells why', async () => {
  service.answer(`POST ${METHODS}/freeze_bmc_credentials`, { status: 202 });

  await bmc('freeze', 'first', '--reason', 'a disk is changed');

  assert.deepEqual(asked('POST'), [
    [`${METHODS}/freeze_bmc_credentials`, { reason: 'a disk is changed' }],
  ]);
});

test('an export is the sealed file on standard output, and its end on standard error', async () => {
  const file = '-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n';
  service.answer('POST /bessemer/nodes/first/bmc-export', {
    status: 200,
    body: { state: 'given', id: 'e1', file, frozen_until: '2026-01-02T11:04:05Z' },
  });

  const ended = await bmc('export', 'first', '--reason', 'drill', '--recipient', 'age1x');

  assert.equal(ended.stdout, file);
  assert.match(ended.stderr, /until 2026-01-02T11:04:05Z/);
});

test('an export to a file is private, and never over one that is there', async () => {
  const file = '-----BEGIN AGE ENCRYPTED FILE-----\n';
  service.answer('POST /bessemer/nodes/first/bmc-export', {
    status: 200,
    body: { state: 'given', id: 'e1', file, frozen_until: 'later' },
  });
  const [out, taken] = [join(service.directory, 'out.age'), join(service.directory, 'taken')];
  writeFileSync(taken, 'precious');
  const exportTo = (path: string): Promise<Ended> =>
    bmc('export', 'first', '--reason', 'drill', '--recipient', 'age1x', '--out', path);

  assert.equal((await exportTo(out)).status, 0);
  assert.equal((await exportTo(taken)).status, 2);

  assert.deepEqual([readFileSync(out, 'utf8'), statSync(out).mode & 0o777], [file, 0o600]);
  assert.equal(readFileSync(taken, 'utf8'), 'precious');
});

test('an export that needs another person says how they approve it', async () => {
  service.answer('POST /bessemer/nodes/first/bmc-export', {
    status: 202,
    body: { state: 'requested', id: 'e7', expires_at: 'soon' },
  });

  const ended = await bmc('export', 'first', '--reason', 'drill', '--recipient', 'age1x');

  assert.equal(ended.stdout, '');
  assert.match(ended.stderr, /bmc export first --approve e7/);
});

/** A break-glass file, sealed by age. */
type Sealed = { readonly file: string; readonly key: string };

const CONTENT = {
  format: 'bessemer-break-glass/1',
  node: { uuid: UUID, name: 'first' },
  addresses: { redfish: 'https://192.0.2.7' },
  protocols: ['redfish'],
  username: 'bsmr-a',
  password: PASSWORD,
  writeId: 'w-1',
  sealedAt: '2026-01-02T03:04:05Z',
};

const seal = async (content: object, ...options: readonly string[]): Promise<Sealed> => {
  const [plain, file] = [join(service.directory, 'plain'), join(service.directory, 'sealed.age')];
  const key = join(service.directory, 'key');
  await run('age-keygen', ['-o', key]);
  const recipient = (await run('age-keygen', ['-y', key])).stdout.trim();
  writeFileSync(plain, JSON.stringify(content));
  await run('age', [...options, '-r', recipient, '-o', file, plain]);
  return { file, key };
};

const OPENED = `POST /bessemer/nodes/${UUID}/bmc-opened`;
const TOLD = { status: 200, body: { is_current: true, rotates_at: '2026-01-02T12:00:00Z' } };

for (const form of ['-a', '--encrypt'] as const) {
  test(`open shows the login once the service was told (${form})`, async () => {
    service.answer(OPENED, TOLD);
    const { file, key } = await seal(CONTENT, form);

    const ended = await bmc('open', file, '--identity', key, '--force', '--reason', 'drill');

    assert.match(ended.stdout, new RegExp(`^password +${PASSWORD}$`, 'm'));
    assert.match(ended.stderr, /changes this password at 2026-01-02T12:00:00Z/);
    assert.deepEqual(asked('POST'), [
      [`/bessemer/nodes/${UUID}/bmc-opened`, { write_id: 'w-1', reason: 'drill' }],
    ]);
  });
}

test('open shows nothing where the output is no terminal, and tells nobody', async () => {
  const { file, key } = await seal(CONTENT);

  const ended = await bmc('open', file, '--identity', key);

  assert.deepEqual([ended.status, ended.stdout, asked('POST')], [2, '', []]);
});

test('open shows the login on a terminal', async () => {
  service.answer(OPENED, TOLD);
  const { file, key } = await seal(CONTENT);
  const words = [process.execPath, CLI, 'bmc', 'open', file, '--identity', key];

  // A terminal is what `script` gives the program that it starts.
  const ended = await runProgram('script', ['-qec', words.join(' '), '/dev/null'], environment);

  assert.match(ended.stdout, new RegExp(`password +${PASSWORD}`));
});

test('on the day on which there is no service, open says so loudly and shows the login', async () => {
  const { file, key } = await seal(CONTENT);
  const away = { ...environment, OS_CLOUD: 'nowhere' };

  const ended = await runProgram(
    process.execPath,
    [CLI, 'bmc', 'open', file, '--identity', key, '--force'],
    away,
  );

  assert.equal(ended.status, 0);
  assert.match(ended.stdout, new RegExp(PASSWORD));
  assert.match(ended.stderr, /^!!! THE SERVICE WAS NOT TOLD/m);
  assert.match(ended.stderr, /bmc rotate first --wait/);
});

test('without clouds.yaml open shows the login, too', async () => {
  const { file, key } = await seal(CONTENT);
  const nowhere = { ...environment, OS_CLIENT_CONFIG_FILE: join(service.directory, 'none.yaml') };

  const ended = await runProgram(
    process.execPath,
    [CLI, 'bmc', 'open', file, '--identity', key, '--force'],
    nowhere,
  );

  assert.match(ended.stdout, new RegExp(PASSWORD));
  assert.match(ended.stderr, /^!!! THE SERVICE WAS NOT TOLD/m);
});

test('a foreign key, a file of something else, and no key open nothing', async () => {
  const { file, key } = await seal(CONTENT);
  const foreign = join(service.directory, 'foreign');
  await run('age-keygen', ['-o', foreign]);
  const other = await (async () => {
    const recipient = (await run('age-keygen', ['-y', key])).stdout.trim();
    const [plain, sealed] = [join(service.directory, 'p2'), join(service.directory, 's2')];
    writeFileSync(plain, 'a cake recipe');
    await run('age', ['-r', recipient, '-o', sealed, plain]);
    return sealed;
  })();

  const attempts = [
    await bmc('open', file, '--identity', foreign, '--force'),
    await bmc('open', other, '--identity', key, '--force'),
    await bmc('open', file, '--identity', file, '--force'),
  ];

  assert.deepEqual(
    attempts.map((each) => [each.status, each.stdout]),
    attempts.map(() => [2, '']),
  );
  assert.deepEqual(asked('POST'), []);
});
