// Machines for drills: puppets, whose agent the drill plays itself.

import { join } from 'node:path';

import type { JsonObject } from '@bessemer/protocol/json';
import { cacheDirectory } from '@bessemer/protocol/paths';

import { systemClock } from '../../clock.ts';
import { createLab } from '../../create-lab.ts';
import { describeMachine } from '../../describe-machine.ts';
import { parseDisk } from '../../lab-disk.ts';
import { type Lab, startLab } from '../../lab.ts';

const DISK = 'virtio:64M';
const MEMORY_MIB = 256;
const PUPPET_PROGRAM = [process.execPath, join(import.meta.dirname, 'puppet.ts')];

export type DrillMachine = {
  readonly name: string;
  readonly mac: string;
  readonly uuid: string;
  /** The machine's own loopback address. */
  readonly address: string;
  /** Where its firmware unpacks the boot medium: the ramdisk's root file system. */
  readonly root: string;
  readonly serialLog: string;
  readonly driverInfo: JsonObject;
  readonly networkData: JsonObject;
  readonly powerOff: () => Promise<void>;
  readonly reset: () => Promise<void>;
};

export type DrillLab = {
  readonly machines: readonly DrillMachine[];
  readonly close: () => Promise<void>;
};

export const startDrillLab = async (
  directory: string,
  options: {
    readonly machineCount: number;
    readonly netbootUrl: string;
  },
): Promise<DrillLab> => {
  const { machineCount, netbootUrl } = options;
  const spec = await createLab(
    {
      name: 'drill',
      kind: 'simulated',
      directory: join(directory, 'lab'),
      acceleration: 'tcg',
      mediaCaFile: null,
      netbootUrl,
      machineCount,
      machine: { bootMode: 'uefi', memoryMiB: MEMORY_MIB, cpuCount: 1, disks: [parseDisk(DISK)] },
      cacheDirectory: cacheDirectory(process.env),
    },
    systemClock,
  );
  const lab = await startLab(spec, { clock: systemClock, agentProgram: PUPPET_PROGRAM });
  const machines = await Promise.all(lab.machines.map((each) => described(lab, each)));
  return { machines, close: lab.close };
};

const described = async (
  lab: Lab,
  { spec, machine }: Lab['machines'][number],
): Promise<DrillMachine> => {
  const all = await describeMachine(lab.spec, spec);
  return {
    name: spec.facts.name,
    mac: spec.facts.macs[0] ?? '',
    uuid: spec.facts.uuid,
    address: spec.address,
    root: join(spec.directory, 'ramdisk', 'root'),
    serialLog: machine.serialLog,
    driverInfo: all['driver_info'] as JsonObject,
    networkData: all['network_data'] as JsonObject,
    powerOff: machine.powerOff,
    reset: machine.reset,
  };
};
