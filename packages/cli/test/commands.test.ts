// The commands as processes, against a service that is a small HTTP server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { type StandIn, startStandIn } from './stand-in-service.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const WAIT_MS_MAX = 20_000;
const LOOK_MS = 20;

type Run = {
  readonly stdout: () => string;
  readonly ended: Promise<{
    readonly status: number;
    readonly stdout: string;
    readonly stderr: string;
  }>;
};

let service: StandIn;

beforeEach(async () => {
  service = await startStandIn();
});

afterEach(() => service.close());

const start = (...args: readonly string[]): Run => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, OS_CLIENT_CONFIG_FILE: service.cloudsPath, OS_CLOUD: '' },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ status: Number(code), stdout, stderr }));
  return { stdout: () => stdout, ended };
};

const run = (...args: readonly string[]) => start(...args).ended;

const until = async (condition: () => boolean): Promise<void> => {
  const untilMs = performance.now() + WAIT_MS_MAX;
  while (!condition()) {
    assert.ok(performance.now() < untilMs, 'waited too long');
    await pause(LOOK_MS);
  }
};

test('watch shows the steps and ends with 0 when the node is where it should be', async () => {
  service.journal({ event: 'started', step: 'boot' });
  service.journal({ event: 'ended', step: 'boot' });
  const watching = start('watch', 'first');
  await until(() => service.streamsOpened() === 1);
  service.journal({ event: 'started', step: 'write_image' });
  service.journal({ event: 'ended', step: 'write_image' });
  await until(() => watching.stdout().includes('write_image'));
  service.end('active');

  const { status, stdout } = await watching.ended;

  assert.equal(status, 0);
  assert.match(stdout, /deploy\.boot +done {2}1\.0 s\n.*deploy\.write_image +done {2}1\.0 s\n/);
  assert.match(stdout, /first is active\n$/);
});

test('watch ends with 1 and the stored cause when the workflow failed', async () => {
  service.journal({ event: 'started', step: 'write_image' });
  service.journal({ event: 'failed', step: 'write_image', detail: { code: 'x', text: 'no disk' } });
  service.end('deploy failed', { code: 'disk.no-match', text: 'no disk matches' });

  const { status, stdout } = await run('watch', 'first');

  assert.equal(status, 1);
  assert.match(stdout, /FAILED {2}1\.0 s {2}no disk/);
  assert.match(
    stdout,
    /first is in deploy failed: no disk matches \[disk\.no-match\]\nDeploy again\.\n/,
  );
});

test('watch goes on after the stream broke, without losing or repeating a line', async () => {
  const watching = start('watch', 'first');
  await until(() => service.streamsOpened() === 1);
  service.journal({ event: 'ended', step: 'one' });
  await until(() => watching.stdout().includes('one'));
  service.breakStreams();
  service.journal({ event: 'ended', step: 'two' });
  await until(() => service.streamsOpened() === 2 && watching.stdout().includes('two'));
  service.end('active');

  const { status, stdout } = await watching.ended;

  assert.equal(status, 0);
  assert.equal(stdout.match(/deploy\.one/g)?.length, 1);
  assert.equal(stdout.match(/deploy\.two/g)?.length, 1);
});

test('deploy names the image, removes an older checksum and hands over the config drive', async () => {
  const drive = join(service.directory, 'drive');
  mkdirSync(drive);
  writeFileSync(join(drive, 'user_data'), '#cloud-config\n');
  writeFileSync(join(service.directory, 'key.pub'), 'ssh-ed25519 AAAA me\n');
  const sum = 'ab'.repeat(32);

  const words = ['--image', 'https://x/y.raw', '--checksum', `sha256:${sum}`];
  const more = ['--config-drive', drive, '--hostname', 'host-1'];
  const key = ['--ssh-key', join(service.directory, 'key.pub')];
  const { status } = await run('deploy', 'first', ...words, ...more, ...key);

  assert.equal(status, 0);
  const [patch, put] = service.asked.filter(({ method }) => method === 'PATCH' || method === 'PUT');
  assert.deepEqual(patch?.body, [
    { op: 'add', path: '/instance_info/image_source', value: 'https://x/y.raw' },
    { op: 'remove', path: '/instance_info/image_checksum' },
    { op: 'add', path: '/instance_info/image_os_hash_algo', value: 'sha256' },
    { op: 'add', path: '/instance_info/image_os_hash_value', value: sum },
    { op: 'add', path: '/instance_info/image_disk_format', value: 'raw' },
  ]);
  assert.deepEqual(put?.body, {
    target: 'active',
    configdrive: {
      user_data: '#cloud-config\n',
      meta_data: {
        hostname: 'host-1',
        name: 'host-1',
        public_keys: { default: 'ssh-ed25519 AAAA me' },
      },
    },
  });
});

test('deploy with a file that is not there changes nothing', async () => {
  const words = ['--image', 'https://x/y.raw', '--checksum', 'ab'.repeat(32)];

  const { status, stderr } = await run('deploy', 'first', ...words, '--config-drive', '/nowhere');

  assert.equal(status, 2);
  assert.equal(stderr, 'bessemer: cannot read /nowhere\n');
  assert.deepEqual(service.asked, []);
});

test('enrol makes a node and a port of each machine of a lab', async () => {
  const path = join(service.directory, 'lab.json');
  const machine = {
    name: 'lab-0',
    boot_mode: 'uefi',
    macs: ['52:54:00:00:00:01'],
    driver_info: { redfish_address: 'https://bmc' },
    network_data: { links: [] },
  };
  writeFileSync(path, JSON.stringify({ machines: [machine] }));

  const { status, stdout } = await run('enrol', '--lab-json', path);

  assert.equal(status, 0);
  assert.equal(stdout, '6f2e0f0a-0000-4000-8000-000000000001 lab-0\n');
  assert.deepEqual(
    service.asked.map(({ path: each, body }) => [each, body]),
    [
      [
        '/v1/nodes',
        {
          name: 'lab-0',
          driver: 'redfish',
          driver_info: { redfish_address: 'https://bmc' },
          network_data: { links: [] },
          properties: { capabilities: 'boot_mode:uefi' },
        },
      ],
      [
        '/v1/ports',
        { node_uuid: '6f2e0f0a-0000-4000-8000-000000000001', address: '52:54:00:00:00:01' },
      ],
    ],
  );
});

for (const [what, args, status, text] of [
  ['a node that is not there', ['why', 'other'], 1, 'Node other could not be found.'],
  [
    'a wrong password',
    ['--os-cloud', 'wrong', 'why', 'first'],
    3,
    'the service does not accept this user and password',
  ],
  [
    'a service that is not there',
    ['--os-cloud', 'nowhere', 'why', 'first'],
    3,
    'cannot reach http://127.0.0.1:1: nothing listens there',
  ],
] as const) {
  test(`${what} is one sentence and exit code ${status}`, async () => {
    const result = await run(...args);

    assert.equal(result.stderr, `bessemer: ${text}\n`);
    assert.equal(result.status, status);
  });
}

test('an unknown cloud is named together with those that there are', async () => {
  const { status, stderr } = await run('--os-cloud', 'other', 'why', 'first');

  assert.equal(status, 2);
  assert.match(stderr, /has no cloud other; it has bessemer, wrong, nowhere\n$/);
});

test('a word that is no command is a usage error', async () => {
  const { status, stderr } = await run('frobnicate');

  assert.equal(status, 2);
  assert.match(stderr, /unknown command 'frobnicate'/);
});

test('the help lists the programs that the launcher starts', async () => {
  const { status, stdout } = await run('--help');

  assert.equal(status, 0);
  for (const name of ['watch', 'why', 'deploy', 'serve', 'lab', 'ramdisk', 'config']) {
    assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  }
});
