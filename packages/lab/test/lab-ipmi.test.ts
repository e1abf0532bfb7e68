// Machines whose BMC speaks IPMI, with ipmitool as the console: a simulated one behind the lab's own BMC, and one of QEMU
// behind Debian's ipmi_sim. What a guest does with its system interface is seen in the tests with whole machines.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';
import { systemClock } from '../src/clock.ts';
import { createLab } from '../src/create-lab.ts';
import { startControlServer } from '../src/daemon/control-server.ts';
import { describeMachine } from '../src/describe-machine.ts';
import { findTracked } from '../src/host/tracked-process.ts';
import { parseDisk } from '../src/lab-disk.ts';
import { startLab, type LabMachine } from '../src/lab.ts';
import { labFiles, writeLabSpec, type LabKind, type LabSpec } from '../src/lab-spec.ts';

const run = promisify(execFile);
const TOOL_MS_MAX = 30_000;
const QEMU_MS_MAX = 60_000;

const createIpmiLab = async (kind: LabKind, directory: string): Promise<LabSpec> => {
  const spec = await createLab(
    {
      name: 'ipmi',
      kind,
      bmcKind: 'ipmi',
      directory: join(directory, 'lab'),
      acceleration: 'tcg',
      mediaCaFile: null,
      machineCount: 1,
      machine: { bootMode: 'bios', memoryMiB: 64, cpuCount: 1, disks: [parseDisk('sata:16M')] },
      cacheDirectory: join(directory, 'cache'),
    },
    systemClock,
  );
  return spec;
};

type Running = {
  readonly machine: LabMachine;
  readonly stop: () => Promise<void>;
  readonly ipmitool: (...args: readonly string[]) => Promise<string>;
};

const start = async (context: TestContext, spec: LabSpec, suite: string): Promise<Running> => {
  const lab = await startLab(spec, { clock: systemClock });
  const control = await startControlServer(lab, labFiles(spec.directory).control, () => undefined);
  let isUp = true;
  const stop = async (): Promise<void> => {
    if (!isUp) return;
    isUp = false;
    await control.close();
    await lab.close();
  };
  context.after(stop);
  const [machine] = lab.machines;
  assert.ok(machine !== undefined);
  const description = await describeMachine(spec, machine.spec);
  const info = isJsonObject(description['driver_info']) ? description['driver_info'] : {};
  const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
  const login = ['-H', text(info['ipmi_address']), '-p', text(info['ipmi_port']), '-U'].concat(
    text(info['ipmi_username']),
    '-P',
    text(info['ipmi_password']),
  );
  return {
    machine,
    stop,
    ipmitool: async (...args) => {
      const { stdout } = await run('ipmitool', ['-I', 'lanplus', '-C', suite, ...login, ...args], {
        timeout: TOOL_MS_MAX,
      });
      return stdout;
    },
  };
};

const directoryOf = async (context: TestContext): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-lab-ipmi-'));
  context.after(() => rm(directory, { recursive: true }));
  return directory;
};

test('a simulated machine is asked over IPMI, and its users outlive a restart of the lab', async (context) => {
  const directory = await directoryOf(context);
  const spec = await createIpmiLab('simulated', directory);
  const first = await start(context, spec, '17');

  const status = await first.ipmitool('chassis', 'power', 'status');
  await first.ipmitool('user', 'set', 'name', '3', 'second');
  await first.stop();
  const second = await start(context, spec, '17');
  const users = await second.ipmitool('user', 'list', '1');

  assert.match(status, /Power is off/);
  assert.match(users, /^3 +second /m);
});

/** Of TCP; those of UDP are others, and as free. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const needs = existsSync('/usr/bin/ipmi_sim') && existsSync('/usr/bin/qemu-system-x86_64');

test(
  'a QEMU machine is switched and given a boot order over IPMI, and leaves no ipmi_sim behind',
  { skip: needs ? false : 'needs ipmi_sim and QEMU', timeout: QEMU_MS_MAX },
  async (context) => {
    const directory = await directoryOf(context);
    const simulated = await createIpmiLab('simulated', directory);
    const freePorts = [await freePort(), await freePort()] as const;
    // As a QEMU lab, but without a network of its own, which would need root.
    const spec: LabSpec = {
      ...simulated,
      kind: 'qemu',
      machines: simulated.machines.map((machine) => ({
        ...machine,
        bmc: { host: '127.0.0.1', port: freePorts[0], systemPort: freePorts[1] },
      })),
    };
    await writeLabSpec(spec);
    const { machine, ipmitool, stop } = await start(context, spec, '3');
    const pidFile = join(machine.spec.directory, 'ipmi-sim.pid');

    await ipmitool('chassis', 'bootdev', 'pxe');
    const override = machine.machine.bootPlan.override;
    const shown = await ipmitool('chassis', 'bootparam', 'get', '5');
    await ipmitool('chassis', 'power', 'on');
    const isOn = machine.machine.isOn();
    const statusOn = await ipmitool('chassis', 'power', 'status');
    await machine.machine.powerOff();
    const statusOff = await ipmitool('chassis', 'power', 'status');
    const wasRunning = findTracked(pidFile) !== undefined;
    await stop();

    assert.deepEqual(override, { source: 'network', isPersistent: false });
    assert.match(shown, /Force PXE/);
    assert.equal(isOn, true);
    assert.match(statusOn, /Power is on/);
    assert.match(statusOff, /Power is off/);
    assert.equal(wasRunning, true);
    assert.equal(findTracked(pidFile), undefined);
  },
);
