// The command line as a person uses it: a lab comes up, is looked at, and leaves nothing behind.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, request } from 'undici';
import { isRunning, type TrackedProcess } from '../src/host/tracked-process.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');

type Outcome = { readonly status: number; readonly out: string; readonly err: string };
type UpAnswer = {
  readonly machines: readonly {
    readonly name: string;
    readonly bmc: { address: string; username: string; password: string; ca: string; pin: string };
    readonly driver_info: { readonly [key: string]: string };
    readonly network_data: { readonly networks: readonly { readonly ip_address: string }[] };
    readonly address: string;
    readonly disks: readonly { readonly path: string }[];
  }[];
};

let cache = '';

const lab = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { ...process.env, BESSEMER_CACHE: cache } },
      (error, out, err) => {
        resolve({ status: typeof error?.code === 'number' ? error.code : 0, out, err });
      },
    );
  });

const up = async (...args: string[]): Promise<UpAnswer> => {
  const { status, out, err } = await lab('up', '--json', '--disk', 'sata:32M', ...args);
  assert.equal(status, 0, err);
  return JSON.parse(out) as UpAnswer;
};

before(async () => {
  cache = await mkdtemp(join(tmpdir(), 'bessemer-labs-'));
});

after(async () => {
  await rm(cache, { recursive: true });
});

test('a lab comes up with BMCs that answer, and goes down without leaving anything', async () => {
  const { machines } = await up('--name', 'one', '--machines', '2');
  const [machine] = machines;
  assert.ok(machine !== undefined);
  const { bmc } = machine;
  const client = new Agent({ connect: { ca: await readFile(bmc.ca, 'utf8') } });
  const basic = Buffer.from(`${bmc.username}:${bmc.password}`).toString('base64');
  const reply = await request(`${bmc.address}/redfish/v1/Systems/1`, {
    dispatcher: client,
    headers: { authorization: `Basic ${basic}` },
  });
  const system: unknown = await reply.body.json();
  const daemon = JSON.parse(
    await readFile(join(cache, 'lab/one/daemon.pid'), 'utf8'),
  ) as TrackedProcess;

  const wasRunning = isRunning(daemon);
  const down = await lab('down', '--name', 'one');
  await client.destroy();

  assert.equal(machines.length, 2);
  assert.equal(reply.statusCode, 200);
  assert.equal((system as { Name: string }).Name, machine.name);
  assert.equal(machine.network_data.networks[0]?.ip_address, machine.address);
  assert.match(bmc.pin, /^[0-9a-f]{64}$/);
  assert.equal(wasRunning, true);
  assert.equal(down.status, 0, down.err);
  assert.equal(isRunning(daemon), false);
  assert.deepEqual(await readdir(join(cache, 'lab')), []);
});

test('a lab that was kept starts again with the same machines, passwords and keys', async () => {
  const first = await up('--name', 'kept');
  await lab('down', '--name', 'kept', '--keep');

  const second = await up('--name', 'kept');
  await lab('down', '--name', 'kept');

  assert.deepEqual(second, first);
});

test('up on a lab that is up shows it, and refuses to make another one of it', async () => {
  const first = await up('--name', 'twice');

  const second = await up('--name', 'twice');
  const other = await lab('up', '--name', 'twice', '--machines', '3');
  await lab('down', '--name', 'twice');

  assert.deepEqual(second, first);
  assert.equal(other.status, 1);
  assert.match(other.err, /take it down first/);
});

test('a lab whose process was killed is cleared away all the same', async () => {
  await up('--name', 'dead');
  const daemon = JSON.parse(
    await readFile(join(cache, 'lab/dead/daemon.pid'), 'utf8'),
  ) as TrackedProcess;
  process.kill(daemon.pid, 'SIGKILL');

  const down = await lab('down', '--name', 'dead');

  assert.equal(down.status, 0, down.err);
  await assert.rejects(stat(join(cache, 'lab/dead')), { code: 'ENOENT' });
});

test('a planted marker is found until it is overwritten, and its absence is a status', async () => {
  const { machines } = await up('--name', 'mark');
  const disk = machines[0]?.disks[0]?.path ?? '';

  const planted = await lab('plant-marker', 'mark-0', 'data of a tenant');
  const found = await lab('find-marker', 'mark-0', 'data of a tenant', '--json');
  const other = await lab('find-marker', 'mark-0', 'data of another');
  await lab('down', '--name', 'mark');

  assert.equal(planted.status, 0, planted.err);
  assert.equal(found.status, 0);
  assert.deepEqual(JSON.parse(found.out), { machine: 'mark-0', disks: [disk] });
  assert.equal(other.status, 1);
});

test('faults and power are switched past the BMC and shown by list', async () => {
  await up('--name', 'odd');

  const on = await lab('power', 'odd-0', 'on');
  const fault = await lab('fault', 'odd-0', 'unavailable', 'on', '--value', '7');
  const unknown = await lab('fault', 'odd-0', 'gremlins', 'on');
  const list = await lab('list', '--json', '--name', 'odd');
  const serial = await lab('serial', 'odd-0');
  await lab('down', '--name', 'odd');

  const [shown] = JSON.parse(list.out) as [{ machines: [{ power: string; faults: object }] }];
  assert.equal(on.out, 'on\n');
  assert.equal(fault.status, 0, fault.err);
  assert.equal(unknown.status, 1);
  assert.match(unknown.err, /faults are slow, unavailable/);
  assert.equal(shown.machines[0].power, 'on');
  assert.deepEqual(shown.machines[0].faults, { unavailable: 7 });
  assert.match(serial.out, /no bootable disk/);
});

const WRONG_WORDS = [
  { args: ['up', '--disk', 'floppy:1M'], text: /write BUS:SIZE/ },
  { args: ['up', '--kind', 'metal'], text: /--kind is qemu or simulated/ },
  { args: ['up', '--machines', 'many'], text: /--machines must be a number/ },
  { args: ['up', '--name', '../up'], text: /--name/ },
  { args: ['power', 'nobody'], text: /there is no lab here/ },
  { args: ['up', '--colour'], text: /Unknown option/ },
];

for (const { args, text } of WRONG_WORDS) {
  test(`\`lab ${args.join(' ')}\` says what is wrong and makes nothing`, async () => {
    const { status, err } = await lab(...args);

    assert.notEqual(status, 0);
    assert.match(err, text);
    assert.deepEqual(await readdir(join(cache, 'lab')).catch(() => []), []);
  });
}
