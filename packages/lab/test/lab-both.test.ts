// A simulated machine whose BMC speaks Redfish and IPMI, in this process; ipmitool is the console.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { Agent, request } from 'undici';
import { systemClock } from '../src/clock.ts';
import { createLab, type LabWish } from '../src/create-lab.ts';
import { describeMachine } from '../src/describe-machine.ts';
import { parseDisk } from '../src/lab-disk.ts';
import { startLab, type Lab } from '../src/lab.ts';
import { labFiles, type LabSpec } from '../src/lab-spec.ts';

const run = promisify(execFile);
const TOOL_MS_MAX = 30_000;
const ACCOUNTS = '/redfish/v1/AccountService/Accounts';
const PROTOCOLS = '/redfish/v1/Managers/1/NetworkProtocol';

const wishIn = (directory: string): LabWish => ({
  name: 'both',
  kind: 'simulated',
  bmcKind: 'both',
  directory: join(directory, 'lab'),
  acceleration: 'tcg',
  mediaCaFile: null,
  machineCount: 1,
  machine: { bootMode: 'bios', memoryMiB: 64, cpuCount: 1, disks: [parseDisk('sata:16M')] },
  cacheDirectory: join(directory, 'cache'),
});

type Console = {
  readonly lab: () => Lab;
  readonly restart: () => Promise<void>;
  readonly ipmitool: (...args: readonly string[]) => Promise<string>;
  readonly redfish: (
    method: 'GET' | 'PATCH',
    path: string,
    body?: JsonObject,
  ) => Promise<JsonObject>;
};

const open = async (context: TestContext): Promise<Console> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-lab-both-'));
  const spec = await createLab(wishIn(directory), systemClock);
  let lab = await startLab(spec, { clock: systemClock });
  const { username, password, address, port, url } = await loginOf(spec);
  const client = new Agent({
    connect: { ca: await readFile(labFiles(spec.directory).ca, 'utf8') },
  });
  context.after(async () => {
    await client.destroy();
    await lab.close();
    await rm(directory, { recursive: true });
  });
  return {
    lab: () => lab,
    restart: async () => {
      await lab.close();
      lab = await startLab(spec, { clock: systemClock });
    },
    ipmitool: async (...args) => {
      const login = ['-C', '17', '-H', address, '-p', port, '-U', username, '-P', password];
      const all = ['-I', 'lanplus', '-R', '1', '-N', '1', ...login, ...args];
      const { stdout } = await run('ipmitool', all, { timeout: TOOL_MS_MAX });
      return stdout;
    },
    redfish: async (method, path, body) => {
      const basic = Buffer.from(`${username}:${password}`).toString('base64');
      const answer = await request(`${url}${path}`, {
        method,
        dispatcher: client,
        headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answered: unknown = await answer.body.json();
      assert.ok(isJsonObject(answered));
      return answered;
    },
  };
};

const loginOf = async (spec: LabSpec) => {
  const [machine] = spec.machines;
  assert.ok(machine !== undefined);
  const { driver, driver_info: info } = await describeMachine(spec, machine);
  assert.ok(driver === 'redfish' && isJsonObject(info));
  const textIn = (key: string): string => {
    const value = info[key];
    assert.ok(typeof value === 'string');
    return value;
  };
  return {
    username: textIn('redfish_username'),
    password: textIn('redfish_password'),
    url: textIn('redfish_address'),
    address: textIn('ipmi_address'),
    port: textIn('ipmi_port'),
  };
};

test('what IPMI names, Redfish shows, and a restart keeps it', async (context) => {
  const { ipmitool, redfish, restart } = await open(context);

  await ipmitool('user', 'set', 'name', '3', 'second');
  await restart();
  const shown = await redfish('GET', `${ACCOUNTS}/3`);
  const users = await ipmitool('user', 'list', '1');

  assert.equal(shown['UserName'], 'second');
  assert.match(users, /^2 +admin /m);
  assert.match(users, /^3 +second /m);
});

test('IPMI that Redfish switches off is silent', async (context) => {
  const { ipmitool, redfish } = await open(context);
  await ipmitool('mc', 'info');

  await redfish('PATCH', PROTOCOLS, { IPMI: { ProtocolEnabled: false } });

  await assert.rejects(ipmitool('mc', 'info'));
  assert.deepEqual((await redfish('GET', PROTOCOLS))['IPMI'], {
    ProtocolEnabled: false,
    Port: 623,
  });
});

test('faults of both protocols can be set', async (context) => {
  const { lab } = await open(context);
  const bmc = lab().machines[0]?.bmc;
  assert.ok(bmc !== undefined);

  bmc.setFault('fixed-slots', null);
  bmc.setFault('cut-passwords', 16);
  bmc.setFault('lockout', 5);
  const faults = bmc.faults();
  bmc.clearFault('lockout');

  assert.deepEqual(faults, { 'fixed-slots': 10, 'cut-passwords': 16, lockout: 5 });
  assert.deepEqual(bmc.faults(), { 'fixed-slots': 10, 'cut-passwords': 16 });
});

test('an emulated machine cannot have both', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-lab-both-'));
  context.after(() => rm(directory, { recursive: true }));

  await assert.rejects(
    createLab({ ...wishIn(directory), kind: 'qemu' }, systemClock),
    /--bmc both/,
  );
});
