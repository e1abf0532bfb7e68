// A machine without an emulator: its firmware is this file, its ramdisk is the real agent as a process, its
// disks are files. Off; on with the agent running; on with an "operating system" that does nothing; or on and
// hung (nothing to boot, or the agent crashed), as a real machine hangs: it stays on until its BMC acts.

import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '@bessemer/protocol/json';
import {
  takeBootSource,
  type BootPlan,
  type BootSource,
  type Machine,
  type MachineFacts,
} from '#bmc/power-model';
import { oneAtATime } from '../host/one-at-a-time.ts';
import { makeDiskFile, type DiskSpec } from '../lab-disk.ts';
import { LabFailure } from '../lab-failure.ts';
import { startAgent, type AgentProcess } from './agent-process.ts';
import { unpackBootMedium } from './boot-medium.ts';
import { bootFromDisk } from './disk-boot.ts';
import { bootFromNetwork } from './network-boot.ts';

export type SimulatedMachineSpec = {
  readonly facts: MachineFacts;
  /** Everything of this machine; made with mode 0700. */
  readonly directory: string;
  /** The machine's own loopback address: its agent listens there. */
  readonly address: string;
  readonly agentPort: number;
  readonly bootMode: 'uefi' | 'bios';
  readonly disks: readonly DiskSpec[];
  /** Program and first arguments of the agent. */
  readonly agentProgram: readonly string[];
  /** Where the DHCP server of the machine's network sends it to boot; null: nobody answers. */
  readonly netbootUrl?: string | null;
  /** Where its agent reaches its BMC from inside; null or missing: it has no such way. */
  readonly bmcInside?: { readonly host: string; readonly port: number } | null;
};

export const makeSimulatedMachine = async (spec: SimulatedMachineSpec): Promise<Machine> => {
  await mkdir(spec.directory, { recursive: true, mode: 0o700 });
  for (const disk of spec.disks) await makeDiskFile(disk);
  const serialLog = join(spec.directory, 'serial.log');
  const say = (text: string): Promise<void> => appendFile(serialLog, `${text}\n`, { mode: 0o600 });
  const bootPlan: BootPlan = { override: null, mode: spec.bootMode, isSecureBootOn: false };
  const exclusive = oneAtATime();
  let isOn = false;
  let medium: string | null = null;
  let agent: AgentProcess | null = null;
  /** The agent that was told by the power button to end: however it ends, the machine is off then. */
  let leaving: AgentProcess | null = null;

  const boot = async (): Promise<void> => {
    await removeSecrets(spec);
    const source = takeBootSource(bootPlan);
    try {
      if (source === 'cdrom' && medium !== null) {
        await say('sim-firmware: starting from virtual media');
        const path = medium;
        await startRamdisk((root) => unpackBootMedium(path, root));
        return;
      }
      const { netbootUrl } = spec;
      if (isNetwork(source) && typeof netbootUrl === 'string') {
        await say('sim-firmware: starting from the network');
        const [mac = ''] = spec.facts.macs;
        const wish = { url: netbootUrl, mac, address: spec.address };
        await startRamdisk((root) => bootFromNetwork(wish, root));
        return;
      }
      if (source === 'cdrom') await say('sim-firmware: no medium in the drive');
      if (isNetwork(source)) await say('sim-firmware: no answer from the network');
      await say(await bootFromDisk(spec.disks));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      await say(`sim-firmware: cannot boot: ${error.message}`);
    }
  };

  const startRamdisk = async (fill: (root: string) => Promise<unknown>): Promise<void> => {
    agent = await startAgentOf(spec, bootPlan, fill, serialLog);
    void follow(agent);
  };

  /** What the agent's end means for the machine, unless its power was cut meanwhile. */
  const follow = async (started: AgentProcess): Promise<void> => {
    const { end, text } = await started.ended;
    await exclusive(async () => {
      if (agent !== started) return;
      agent = null;
      if (end === 'power-off' || leaving === started) {
        await say('sim-firmware: power off');
        await cutPower();
      } else if (end === 'reboot') {
        await say('sim-firmware: restart');
        await boot();
      } else {
        await say(`sim-firmware: the agent ended with ${text}; the machine hangs`);
      }
    });
  };

  const cutPower = async (): Promise<void> => {
    const running = agent;
    agent = null;
    running?.signal('SIGKILL');
    await running?.ended;
    await removeSecrets(spec);
    isOn = false;
  };

  const start = async (): Promise<void> => {
    isOn = true;
    await boot();
  };

  return {
    facts: spec.facts,
    bootPlan,
    serialLog,
    isOn: () => isOn,
    powerOn: () => exclusive(async () => (isOn ? undefined : start())),
    powerOff: () => exclusive(cutPower),
    reset: () =>
      exclusive(async () => {
        if (!isOn) return;
        await cutPower();
        await start();
      }),
    softOff: () =>
      exclusive(async () => {
        if (agent === null) {
          await cutPower();
          return;
        }
        leaving = agent;
        agent.signal('SIGTERM');
      }),
    insertMedia: async (path) => {
      medium = path;
    },
    ejectMedia: async () => {
      medium = null;
    },
    close: () => exclusive(cutPower),
  };
};

const isNetwork = (source: BootSource): boolean =>
  source === 'network' || source === 'network-http';

const simulatedDirectoryOf = (spec: SimulatedMachineSpec): string =>
  join(spec.directory, 'ramdisk');

/** What a ramdisk held in memory is gone without power. */
const removeSecrets = (spec: SimulatedMachineSpec): Promise<void> =>
  rm(simulatedDirectoryOf(spec), { recursive: true, force: true });

/** `fill` puts the files of this boot into the ramdisk's root. */
const startAgentOf = async (
  spec: SimulatedMachineSpec,
  plan: BootPlan,
  fill: (root: string) => Promise<unknown>,
  serialLog: string,
): Promise<AgentProcess> => {
  const simulatedDirectory = simulatedDirectoryOf(spec);
  await mkdir(simulatedDirectory, { recursive: true, mode: 0o700 });
  const root = join(simulatedDirectory, 'root');
  await mkdir(root, { mode: 0o700 });
  await fill(root);
  await writeFile(
    join(simulatedDirectory, 'machine.json'),
    `${JSON.stringify(agentView(spec, plan), null, 2)}\n`,
    { mode: 0o600 },
  );
  return startAgent({
    program: spec.agentProgram,
    machineDirectory: spec.directory,
    simulatedDirectory,
    serialLog,
  });
};

const DISK_TRAITS = {
  virtio: { model: 'Lab virtual disk', rotational: true, supports: ['discard'] },
  nvme: { model: 'Lab NVMe', rotational: false, supports: ['nvme-format', 'discard'] },
  sata: { model: 'Lab SATA', rotational: false, supports: ['discard'] },
} as const;

/** The hardware as the agent's simulated manager reads it. */
const agentView = (spec: SimulatedMachineSpec, plan: BootPlan): JsonObject => ({
  system: {
    uuid: spec.facts.uuid,
    serial: spec.facts.serial,
    manufacturer: spec.facts.manufacturer,
    product: spec.facts.model,
  },
  bootMode: plan.mode,
  cpu: { count: spec.facts.cpuCount, architecture: 'x86_64' },
  memoryMiB: spec.facts.memoryMiB,
  nics: spec.facts.macs.map((mac, index) => ({
    name: `sim-nic${index}`,
    mac,
    ipv4: index === 0 ? spec.address : null,
  })),
  disks: spec.disks.map((disk, index) => simulatedDisk(disk, index)),
  listen: { host: spec.address, port: spec.agentPort },
  bmcAddress: spec.bmcInside?.host ?? null,
  bmcInside: spec.bmcInside ?? null,
});

const simulatedDisk = (disk: DiskSpec, index: number): JsonObject => {
  if (disk.format !== 'raw') throw new LabFailure('disks of simulated machines are raw files');
  const traits = DISK_TRAITS[disk.bus];
  return {
    name: `/dev/sim${index}`,
    path: disk.path,
    sizeBytes: disk.sizeBytes,
    model: traits.model,
    serial: disk.serial,
    vendor: 'Bessemer',
    wwn: `0x5000${disk.serial.slice(3).toLowerCase()}`,
    rotational: traits.rotational,
    tran: disk.bus,
    logicalSectorBytes: 512,
    supports: [...traits.supports],
  };
};
