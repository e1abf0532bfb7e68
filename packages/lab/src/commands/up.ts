// `lab up`: makes machines with BMCs and leaves them running, all powered off.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '@bessemer/protocol/paths';
import type { JsonObject } from '@bessemer/protocol/json';
import { systemClock } from '../clock.ts';
import { createLab, type LabWish } from '../create-lab.ts';
import { callLab } from '../daemon/control-client.ts';
import { startDaemon } from '../daemon/start-daemon.ts';
import { bmcAddress, describeMachine, serviceHost } from '../describe-machine.ts';
import { findTracked } from '../host/tracked-process.ts';
import { parseDisk } from '../lab-disk.ts';
import { LabFailure } from '../lab-failure.ts';
import { labFiles, readLabSpec, type LabSpec } from '../lab-spec.ts';
import { chooseAcceleration } from '../qemu/acceleration.ts';
import { tearDown } from '../tear-down.ts';
import { print, printJson, type Command } from './command.ts';
import { DEFAULT_LAB_NAME, LAB_OPTIONS, labDirectory } from './lab-options.ts';

const OPTIONS = {
  ...LAB_OPTIONS,
  kind: { type: 'string' },
  bmc: { type: 'string' },
  machines: { type: 'string' },
  firmware: { type: 'string' },
  disk: { type: 'string', multiple: true },
  memory: { type: 'string' },
  cpus: { type: 'string' },
  accel: { type: 'string' },
  'media-ca': { type: 'string' },
  'netboot-url': { type: 'string' },
  'network-loader': { type: 'string' },
} as const;

export const upCommand: Command = {
  name: 'up',
  usage: '[--kind qemu|simulated] [--machines N] ...',
  summary: 'make machines with BMCs and leave them running',
  help: `Makes machines, each behind its own BMC, and leaves them running in the background, powered
off. Ends when the BMCs answer. A lab that is up already is shown as it is; one that was stopped is started again.

  --kind qemu        real firmware, kernel and disks in QEMU (needs root and the Debian packages of the demo)
  --kind simulated   (default) no emulator: the real agent as a process on file-backed disks
  --bmc redfish      (default) a BMC that speaks Redfish over HTTPS
  --bmc ipmi         a BMC that speaks IPMI 2.0: Debian's ipmi_sim for emulated machines, which see it from inside as
                     /dev/ipmi0 (cipher suite 3); the lab's own for simulated ones (17 and 3)
  --bmc both         simulated machines only: Redfish and IPMI at one address, with one set of accounts
  --machines N       how many (default 1)
  --firmware uefi    (default) or bios
  --disk BUS:SIZE    virtio, nvme or sata, e.g. virtio:6G or sata:8G:qcow2; repeat for more (default virtio:6G)
  --memory MIB       (default 1024)
  --cpus N           (default 2)
  --accel tcg        (default) software emulation; kvm: only if a guest kernel was seen to run under it;
                     auto: kvm if that was seen, else tcg
  --media-ca FILE    BMCs accept images only from servers with a certificate of this authority
  --netboot-url URL  simulated machines that boot from the network are sent there, as by a DHCP server
  --network-loader card      (default) emulated machines boot from the network by the iPXE in their card;
                     firmware: by the firmware's own PXE and TFTP (uefi only)
  --name N           (default ${DEFAULT_LAB_NAME})
  --dir DIR          where everything of the lab is kept (default <cache>/lab/<name>)
  --json             print the machines as JSON with all that is needed to enrol them: address, user, password
                     and authority of the BMC, MAC, network data, serial log; driver_info as a node takes it

Emulated machines reach the host, and only the host, as 10.99.0.1.

  ./bessemer lab up --kind qemu --machines 2 --disk nvme:8G --json`,
  run: async (args) => {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
    const directory = labDirectory(values);
    const existing = await readLabSpec(directory);
    const spec = existing ?? (await createLab(await wishOf(values, directory), systemClock));
    if (existing !== undefined) refuseOther(existing, values);
    if (findTracked(labFiles(directory).daemonPid) === undefined) {
      try {
        await startDaemon(directory, systemClock);
      } catch (error) {
        await tearDown(spec, { clock: systemClock, areFilesKept: existing !== undefined });
        throw error;
      }
    } else await callLab(labFiles(directory).control, '/machines');
    await show(spec, values.json === true);
    return 0;
  },
};

type Values = {
  readonly name?: string;
  readonly kind?: string;
  readonly bmc?: string;
  readonly machines?: string;
  readonly firmware?: string;
  readonly disk?: readonly string[];
  readonly memory?: string;
  readonly cpus?: string;
  readonly accel?: string;
  readonly 'media-ca'?: string;
  readonly 'netboot-url'?: string;
  readonly 'network-loader'?: string;
};

const oneOf = <T extends string>(option: string, value: string, allowed: readonly T[]): T => {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new LabFailure(`${option} is ${allowed.join(' or ')}`);
  return found;
};

const number = (option: string, text: string, min: number, max: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new LabFailure(`${option} must be a number from ${min} to ${max}`);
  }
  return value;
};

const wishOf = async (values: Values, directory: string): Promise<LabWish> => {
  const kind = oneOf('--kind', values.kind ?? 'simulated', ['qemu', 'simulated']);
  const cache = cacheDirectory(process.env);
  const accel = oneOf('--accel', values.accel ?? 'tcg', ['tcg', 'kvm', 'auto']);
  return {
    name: values.name ?? DEFAULT_LAB_NAME,
    kind,
    bmcKind: oneOf('--bmc', values.bmc ?? 'redfish', ['redfish', 'ipmi', 'both']),
    directory,
    acceleration: kind === 'qemu' ? await chooseAcceleration(accel, cache, systemClock) : 'tcg',
    netbootUrl: values['netboot-url'] ?? null,
    networkLoader: oneOf('--network-loader', values['network-loader'] ?? 'card', [
      'card',
      'firmware',
    ]),
    mediaCaFile: values['media-ca'] === undefined ? null : resolve(values['media-ca']),
    machineCount: number('--machines', values.machines ?? '1', 1, 10_000),
    machine: {
      bootMode: oneOf('--firmware', values.firmware ?? 'uefi', ['uefi', 'bios']),
      memoryMiB: number('--memory', values.memory ?? '1024', 256, 65_536),
      cpuCount: number('--cpus', values.cpus ?? '2', 1, 64),
      disks: (values.disk ?? ['virtio:6G']).map(parseDisk),
    },
    cacheDirectory: cache,
  };
};

const refuseOther = (spec: LabSpec, values: Values): void => {
  const isOther =
    (values.kind !== undefined && values.kind !== spec.kind) ||
    (values.bmc !== undefined && values.bmc !== (spec.bmcKind ?? 'redfish')) ||
    (values.machines !== undefined && Number(values.machines) !== spec.machines.length);
  if (isOther) {
    throw new LabFailure(
      `the lab ${spec.name} has ${spec.machines.length} machines of the kind ${spec.kind} with ${spec.bmcKind ?? 'redfish'}; ` +
        'take it down first (`./bessemer lab down`), or choose another --name',
    );
  }
};

const show = async (spec: LabSpec, asJson: boolean): Promise<void> => {
  const machines: JsonObject[] = [];
  for (const machine of spec.machines) machines.push(await describeMachine(spec, machine));
  if (asJson) {
    printJson({
      name: spec.name,
      kind: spec.kind,
      bmc: spec.bmcKind ?? 'redfish',
      directory: spec.directory,
      acceleration: spec.acceleration,
      service_host: serviceHost(spec),
      machines,
    });
    return;
  }
  for (const machine of spec.machines) {
    print(`${machine.facts.name}  ${machine.facts.macs.join(' ')}  ${bmcAddress(spec, machine)}`);
  }
};
