// A running lab: machines and their BMCs, in one process. Started from its spec; used by the daemon and by
// tests that want a lab without a process of its own.

import { appendFileSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '#bmc/power-model';
import { startBothLabBmc } from '#bmc/both-lab-bmc';
import { startIpmiLabBmc } from '#bmc/ipmi/ipmi-lab-bmc';
import { startSimLabBmc } from '#bmc/ipmi-sim/sim-lab-bmc';
import { redfishLabBmc, type LabBmc } from '#bmc/lab-bmc';
import { startRedfishBmc, type RedfishBmcOptions } from '#bmc/redfish-server';
import { makeSimulatedMachine } from '#fleet/simulated-machine';
import { ensureBmcAccounts, saveBmcAccounts } from './bmc-accounts.ts';
import { readBmcIdentity } from './bmc-identity.ts';
import type { Clock } from './clock.ts';
import { ensureTap } from './host/network.ts';
import { labFiles, machineFiles, type LabSpec, type MachineSpec } from './lab-spec.ts';
import { makeQemuMachine } from './qemu/qemu-machine.ts';

export type LabMachine = {
  readonly spec: MachineSpec;
  readonly machine: Machine;
  readonly bmc: LabBmc;
};

export type Lab = {
  readonly spec: LabSpec;
  readonly machines: readonly LabMachine[];
  /** Cuts the power of all machines and closes their BMCs. */
  readonly close: () => Promise<void>;
};

const AGENT_PORT = 9999;
/** Where a simulated machine reaches its own BMC of IPMI, on the address of that. */
const INSIDE_PORT = 8444;
const AGENT_MAIN = join(import.meta.dirname, '../../agent/src/main.ts');

export const DEFAULT_AGENT_PROGRAM: readonly string[] = [process.execPath, AGENT_MAIN];

export type LabOptions = {
  readonly clock: Clock;
  readonly agentProgram?: readonly string[];
};

export const startLab = async (spec: LabSpec, options: LabOptions): Promise<Lab> => {
  const mediaCa = spec.mediaCaFile === null ? null : await readFile(spec.mediaCaFile, 'utf8');
  const machines: LabMachine[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(machines.map(({ bmc }) => bmc.close()));
    await Promise.all(machines.map(({ machine }) => machine.close()));
  };
  try {
    for (const machineSpec of spec.machines) {
      const machine = await makeMachine(spec, machineSpec, options);
      const bmc = await startBmc(spec, machineSpec, machine, { clock: options.clock, mediaCa });
      machines.push({ spec: machineSpec, machine, bmc });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { spec, machines, close };
};

type BmcParts = { readonly clock: Clock; readonly mediaCa: string | null };

const startBmc = (
  lab: LabSpec,
  spec: MachineSpec,
  machine: Machine,
  parts: BmcParts,
): Promise<LabBmc> =>
  lab.bmcKind === 'ipmi'
    ? startIpmiBmc(lab, spec, machine, parts.clock)
    : startHttpsBmc(lab, spec, machine, parts);

const startHttpsBmc = async (
  lab: LabSpec,
  spec: MachineSpec,
  machine: Machine,
  { clock, mediaCa }: BmcParts,
): Promise<LabBmc> => {
  const own = machineFiles(spec.directory);
  // What an earlier process had fetched belongs to a drive that is empty now.
  await rm(own.media, { recursive: true, force: true });
  await mkdir(own.media, { recursive: true, mode: 0o700 });
  const options: RedfishBmcOptions = {
    machine,
    clock,
    identity: await readBmcIdentity(own.bmcIdentity),
    ...spec.bmc,
    accounts: ensureBmcAccounts(own.bmcAccounts),
    saveAccounts: (accounts) => saveBmcAccounts(own.bmcAccounts, accounts),
    onRequest: (line) => {
      const time = new Date(clock.wallMs()).toISOString();
      appendFileSync(own.bmcLog, `${time} ${line}\n`, { mode: 0o600 });
    },
    mediaDirectory: own.media,
    mediaCa,
  };
  return lab.bmcKind === 'both'
    ? startBothLabBmc({ ...options, insidePort: INSIDE_PORT })
    : redfishLabBmc(await startRedfishBmc(options));
};

/** Of an emulated machine Debian's ipmi_sim, which the guest reaches too; of a simulated one the lab's own. */
const startIpmiBmc = (
  lab: LabSpec,
  spec: MachineSpec,
  machine: Machine,
  clock: Clock,
): Promise<LabBmc> => {
  const own = machineFiles(spec.directory);
  const [account] = ensureBmcAccounts(own.bmcAccounts, 'ipmi');
  const { host, port, systemPort } = spec.bmc;
  const console = {
    clock,
    host,
    port,
    username: account?.userName ?? '',
    password: account?.password ?? '',
  };
  return systemPort === undefined
    ? startIpmiLabBmc({
        ...console,
        machine,
        insidePort: INSIDE_PORT,
        usersFile: own.ipmiUsers,
      })
    : startSimLabBmc({
        ...console,
        facts: spec.facts,
        systemPort,
        directory: spec.directory,
        kcsSocket: own.kcs,
        controlSocket: labFiles(lab.directory).control,
      });
};

const isIpmiSpoken = ({ bmcKind }: LabSpec): boolean => bmcKind === 'ipmi' || bmcKind === 'both';

const makeMachine = async (
  lab: LabSpec,
  spec: MachineSpec,
  options: LabOptions,
): Promise<Machine> => {
  if (lab.kind === 'simulated') {
    return makeSimulatedMachine({
      ...spec,
      agentPort: AGENT_PORT,
      agentProgram: options.agentProgram ?? DEFAULT_AGENT_PROGRAM,
      netbootUrl: lab.netbootUrl ?? null,
      bmcInside: isIpmiSpoken(lab) ? { host: spec.bmc.host, port: INSIDE_PORT } : null,
    });
  }
  if (spec.tap !== null) await ensureTap(spec.tap);
  const { acceleration, networkLoader = 'card' } = lab;
  const kcsSocket = spec.bmc.systemPort === undefined ? null : machineFiles(spec.directory).kcs;
  return makeQemuMachine({ ...spec, acceleration, networkLoader, kcsSocket }, options.clock);
};
