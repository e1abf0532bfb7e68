// A lab of one machine whose BMC speaks IPMI, in the process of the test, and ipmitool as its console.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';
import { systemClock } from '../src/clock.ts';
import { createLab } from '../src/create-lab.ts';
import { startControlServer } from '../src/daemon/control-server.ts';
import { describeMachine } from '../src/describe-machine.ts';
import { freePorts } from '../src/free-ports.ts';
import { parseDisk } from '../src/lab-disk.ts';
import { startLab, type LabMachine } from '../src/lab.ts';
import { labFiles, writeLabSpec, type LabKind, type LabSpec } from '../src/lab-spec.ts';

const run = promisify(execFile);
const TOOL_MS_MAX = 30_000;

export const createIpmiLab = async (
  kind: LabKind,
  directory: string,
  memoryMiB = 64,
): Promise<LabSpec> => {
  const spec = await createLab(
    {
      name: 'ipmi',
      kind,
      bmcKind: 'ipmi',
      directory: join(directory, 'lab'),
      acceleration: 'tcg',
      mediaCaFile: null,
      machineCount: 1,
      machine: { bootMode: 'bios', memoryMiB, cpuCount: 1, disks: [parseDisk('sata:16M')] },
      cacheDirectory: join(directory, 'cache'),
    },
    systemClock,
  );
  return spec;
};

export type Stage = {
  readonly directory: string;
  /** Done after the test, the last first, before the directory goes. */
  readonly undo: (() => Promise<void>)[];
};

export const openStage = async (context: TestContext): Promise<Stage> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-lab-ipmi-'));
  const undo: Stage['undo'] = [];
  context.after(async () => {
    for (const work of undo.toReversed()) await work();
    await rm(directory, { recursive: true });
  });
  return { directory, undo };
};

export type Running = {
  readonly machine: LabMachine;
  readonly stop: () => Promise<void>;
  /** Rejects when ipmitool fails. */
  readonly ipmitool: (...args: readonly string[]) => Promise<string>;
  /** The same with another password. */
  readonly ipmitoolAs: (password: string, ...args: readonly string[]) => Promise<string>;
};

export const startIpmiLab = async (
  stage: Stage,
  spec: LabSpec,
  suite: string,
): Promise<Running> => {
  const lab = await startLab(spec, { clock: systemClock });
  const control = await startControlServer(lab, labFiles(spec.directory).control, () => undefined);
  let isUp = true;
  const stop = async (): Promise<void> => {
    if (!isUp) return;
    isUp = false;
    await control.close();
    await lab.close();
  };
  stage.undo.push(stop);
  const [machine] = lab.machines;
  assert.ok(machine !== undefined);
  const description = await describeMachine(spec, machine.spec);
  const info = isJsonObject(description['driver_info']) ? description['driver_info'] : {};
  const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
  const ipmitoolAs = async (password: string, ...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(
      'ipmitool',
      ['-I', 'lanplus', '-R', '2', '-N', '1', '-C', suite].concat(
        ['-H', text(info['ipmi_address']), '-p', text(info['ipmi_port'])],
        ['-U', text(info['ipmi_username']), '-P', password, ...args],
      ),
      { timeout: TOOL_MS_MAX },
    );
    return stdout;
  };
  return {
    machine,
    stop,
    ipmitool: (...args) => ipmitoolAs(text(info['ipmi_password']), ...args),
    ipmitoolAs,
  };
};

/** As a QEMU lab, but without a network of its own, which would need root. */
export const createQemuIpmiLab = async (directory: string, memoryMiB = 64): Promise<LabSpec> => {
  const simulated = await createIpmiLab('simulated', directory, memoryMiB);
  const [port = 0, systemPort = 0] = await freePorts(2);
  const spec: LabSpec = {
    ...simulated,
    kind: 'qemu',
    machines: simulated.machines.map((machine) => ({
      ...machine,
      tap: null,
      bmc: { host: '127.0.0.1', port, systemPort },
    })),
  };
  await writeLabSpec(spec);
  return spec;
};
