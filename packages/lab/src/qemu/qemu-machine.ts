// A machine made of QEMU: real firmware, a real kernel, real disks. On = its process runs. The guest can end
// its own power; a guest's restart is a new start, so it obeys the boot plan as any other.

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { appendFile, copyFile, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { takeBootSource, type BootPlan, type FirmwareMode } from '#bmc/power-model';
import type { Machine, MachineFacts } from '#bmc/power-model';
import type { Clock } from '../clock.ts';
import { NETWORK_NAMESPACE } from '../host/network.ts';
import { oneAtATime } from '../host/one-at-a-time.ts';
import { endProcess, trackProcess } from '../host/tracked-process.ts';
import { makeDiskFile, type DiskSpec } from '../lab-disk.ts';
import { LabFailure } from '../lab-failure.ts';
import { CD_DEVICE, FIRMWARE_FILES, type NetworkLoader, qemuArguments } from './command-line.ts';
import { connectQmp, type QmpClient, type QmpEvent } from './qmp.ts';

export type QemuMachineSpec = {
  readonly facts: MachineFacts;
  /** Everything of this machine; made with mode 0700. */
  readonly directory: string;
  readonly bootMode: FirmwareMode;
  readonly disks: readonly DiskSpec[];
  /** A tap in the lab's network namespace; null: no network. */
  readonly tap: string | null;
  readonly networkLoader?: NetworkLoader;
  /** Where a BMC of IPMI serves the system interface; null or missing: the machine sees no BMC. */
  readonly kcsSocket?: string | null;
  readonly acceleration: 'tcg' | 'kvm';
  readonly isPaused?: boolean;
};

export type QemuMachine = Machine & { readonly qmp: () => QmpClient | null };

/** Pid file of QEMU in the machine's directory. */
export const QEMU_PID_FILE = 'qemu.pid';
const SOCKET_MS_MAX = 20_000;
const QUIT_MS_MAX = 10_000;
/** The kernel's limit for the path of a unix socket, with its ending zero. */
const SOCKET_PATH_BYTES_MAX = 107;

type Running = { readonly child: ChildProcess; readonly qmp: QmpClient };

export const makeQemuMachine = async (
  spec: QemuMachineSpec,
  clock: Clock,
): Promise<QemuMachine> => {
  await mkdir(spec.directory, { recursive: true, mode: 0o700 });
  const files = filesOf(spec);
  for (const disk of spec.disks) await makeDiskFile(disk);
  // What an earlier lab left running would share the disks.
  await endProcess(files.pid, { clock, graceMs: QUIT_MS_MAX });
  const bootPlan: BootPlan = { override: null, mode: spec.bootMode, isSecureBootOn: false };
  const exclusive = oneAtATime();
  let medium: string | null = null;
  let running: Running | null = null;

  const start = async (): Promise<void> => {
    const variablesFile = join(
      spec.directory,
      bootPlan.isSecureBootOn ? 'vars.secure.fd' : 'vars.fd',
    );
    await prepareVariables(variablesFile, bootPlan);
    await rm(files.qmp, { force: true });
    const source = takeBootSource(bootPlan);
    await appendFile(files.serial, `\n[lab] power on, starting from ${source}\n`);
    const args = qemuArguments({
      facts: spec.facts,
      mode: bootPlan.mode,
      isSecureBootOn: bootPlan.isSecureBootOn,
      source,
      variablesFile,
      disks: spec.disks,
      medium,
      tap: spec.tap,
      networkLoader: spec.networkLoader ?? 'card',
      kcsSocket: spec.kcsSocket ?? null,
      serialLog: files.serial,
      qmpSocket: files.qmp,
      acceleration: spec.acceleration,
      isPaused: spec.isPaused ?? false,
    });
    const child = launch(args, spec, files);
    const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
    try {
      const qmp = await connectQmp({
        path: files.qmp,
        clock,
        connectMs: SOCKET_MS_MAX,
        isAlive,
        onEvent: (event) => onEvent(child, event),
      });
      running = { child, qmp };
    } catch (error) {
      await endProcess(files.pid, { clock, graceMs: 0 });
      throw error;
    }
    child.once('exit', () => {
      if (running?.child === child) running = null;
    });
  };

  const onEvent = (child: ChildProcess, event: QmpEvent): void => {
    if (event.name !== 'SHUTDOWN' || event.data['guest'] !== true) return;
    const isRestart = event.data['reason'] === 'guest-reset';
    void exclusive(async () => {
      if (running?.child !== child) return;
      await stop();
      if (isRestart) await start();
      else await appendFile(files.serial, '\n[lab] powered off by the guest\n');
    }).catch((error: unknown) => report(files, error));
  };

  const stop = async (): Promise<void> => {
    running?.qmp.close();
    running = null;
    await endProcess(files.pid, { clock, graceMs: QUIT_MS_MAX });
    await rm(files.qmp, { force: true });
  };

  return {
    facts: spec.facts,
    bootPlan,
    serialLog: files.serial,
    qmp: () => running?.qmp ?? null,
    isOn: () => running !== null,
    powerOn: () => exclusive(async () => (running === null ? start() : undefined)),
    powerOff: () => exclusive(stop),
    reset: () =>
      exclusive(async () => {
        if (running === null) return;
        await stop();
        await start();
      }),
    softOff: () =>
      exclusive(async () => {
        await running?.qmp.execute('system_powerdown');
      }),
    insertMedia: (path) =>
      exclusive(async () => {
        await running?.qmp.execute('blockdev-change-medium', {
          id: CD_DEVICE,
          filename: path,
          format: 'raw',
          'read-only-mode': 'read-only',
        });
        medium = path;
      }),
    ejectMedia: () =>
      exclusive(async () => {
        medium = null;
        await running?.qmp.execute('blockdev-open-tray', { id: CD_DEVICE, force: true });
        await running?.qmp.execute('blockdev-remove-medium', { id: CD_DEVICE });
        await running?.qmp.execute('blockdev-close-tray', { id: CD_DEVICE });
      }),
    close: () => exclusive(stop),
  };
};

type Files = {
  readonly pid: string;
  readonly qmp: string;
  readonly serial: string;
  readonly log: string;
};

const filesOf = (spec: QemuMachineSpec): Files => {
  const qmp = join(spec.directory, 'qmp.sock');
  if (Buffer.byteLength(qmp) > SOCKET_PATH_BYTES_MAX) {
    throw new LabFailure(`${qmp} is too long for a socket: choose a shorter --dir`);
  }
  return {
    pid: join(spec.directory, QEMU_PID_FILE),
    qmp,
    serial: join(spec.directory, 'serial.log'),
    log: join(spec.directory, 'qemu.log'),
  };
};

const prepareVariables = async (path: string, plan: BootPlan): Promise<void> => {
  const existing = await stat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (existing !== undefined || plan.mode === 'bios') return;
  await copyFile(
    plan.isSecureBootOn ? FIRMWARE_FILES.secureVariables : FIRMWARE_FILES.variables,
    path,
  );
};

const launch = (args: readonly string[], spec: QemuMachineSpec, files: Files): ChildProcess => {
  const log = openSync(files.log, 'a', 0o600);
  const [program, ...before] =
    spec.tap === null
      ? ['qemu-system-x86_64']
      : ['ip', 'netns', 'exec', NETWORK_NAMESPACE, 'qemu-system-x86_64'];
  const child = spawn(program ?? '', [...before, ...args], {
    cwd: spec.directory,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // Without a handler a missing program would end the whole lab; the control socket tells the caller.
  child.on('error', (error) => void report(files, error));
  if (child.pid !== undefined) trackProcess(child.pid, files.pid);
  return child;
};

const report = (files: Files, error: unknown): Promise<void> =>
  appendFile(files.log, `${error instanceof Error ? error.message : String(error)}\n`);
