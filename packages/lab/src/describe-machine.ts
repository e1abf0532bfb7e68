// A machine as somebody needs it who wants to enrol it: everything in one object of `lab up --json`.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '@bessemer/protocol/json';
import {
  cacheDirectory,
  LIGHT_RAMDISK_INITRAMFS,
  LIGHT_RAMDISK_ISO,
  LIGHT_RAMDISK_KERNEL,
} from '@bessemer/protocol/paths';
import { pinOf } from '#bmc/lab-authority';
import type { BmcAccount } from '#bmc/redfish-server';
import { readBmcAccounts } from './bmc-accounts.ts';
import { readBmcIdentity } from './bmc-identity.ts';
import { HOST_ADDRESS, NETMASK } from './host/network.ts';
import { labFiles, machineFiles, type LabSpec, type MachineSpec } from './lab-spec.ts';

const SYSTEM_ID = '/redfish/v1/Systems/1';
const LOOPBACK_NETMASK = '255.0.0.0';

export const describeMachine = async (lab: LabSpec, machine: MachineSpec): Promise<JsonObject> => {
  const own = machineFiles(machine.directory);
  const [account] = readBmcAccounts(own.bmcAccounts) ?? [];
  const address = bmcAddress(lab, machine);
  const { certificate } = await readBmcIdentity(own.bmcIdentity);
  const { ca } = labFiles(lab.directory);
  const mac = machine.facts.macs[0] ?? '';
  return {
    name: machine.facts.name,
    kind: lab.kind,
    boot_mode: machine.bootMode,
    uuid: machine.facts.uuid,
    serial: machine.facts.serial,
    mac,
    macs: [...machine.facts.macs],
    address: machine.address,
    memory_mb: machine.facts.memoryMiB,
    cpus: machine.facts.cpuCount,
    bmc: {
      address,
      username: account?.userName ?? '',
      password: account?.password ?? '',
      ...(isIpmi(lab) ? {} : { system_id: SYSTEM_ID, ca, pin: pinOf(certificate) }),
    },
    driver: isIpmi(lab) ? 'ipmi' : 'redfish',
    driver_info: isIpmi(lab)
      ? ipmiDriverInfo(machine, account)
      : {
          redfish_address: address,
          redfish_system_id: SYSTEM_ID,
          redfish_username: account?.userName ?? '',
          redfish_password: account?.password ?? '',
          redfish_verify_ca: ca,
          ...(lab.bmcKind === 'both'
            ? { ipmi_address: machine.bmc.host, ipmi_port: String(machine.bmc.port) }
            : {}),
        },
    network_data: networkData(lab, machine, mac),
    // What a simulated machine boots instead of the real ramdisk; null: the service's own choice.
    deploy_iso: lightFile(lab, LIGHT_RAMDISK_ISO),
    deploy_kernel: lightFile(lab, LIGHT_RAMDISK_KERNEL),
    deploy_ramdisk: lightFile(lab, LIGHT_RAMDISK_INITRAMFS),
    disks: machine.disks.map((disk) => ({ ...disk })),
    serial_log: serialLogOf(machine),
    bmc_log: own.bmcLog,
  };
};

const isIpmi = ({ bmcKind }: LabSpec): boolean => bmcKind === 'ipmi';

export const bmcAddress = (lab: LabSpec, { bmc }: MachineSpec): string =>
  `${isIpmi(lab) ? 'ipmi' : 'https'}://${bmc.host}:${bmc.port}`;

const ipmiDriverInfo = ({ bmc }: MachineSpec, account: BmcAccount | undefined): JsonObject => ({
  ipmi_address: bmc.host,
  ipmi_port: String(bmc.port),
  ipmi_username: account?.userName ?? '',
  ipmi_password: account?.password ?? '',
  // ipmi_sim has nothing better.
  ...(bmc.systemPort === undefined ? {} : { ipmi_cipher_suite: '3' }),
});

const lightFile = (lab: LabSpec, name: string): string | null =>
  lab.kind === 'simulated' ? join(cacheDirectory(process.env), name) : null;

const serialLogOf = (machine: MachineSpec): string => join(machine.directory, 'serial.log');

/** In the format of Nova, as a node's `network_data` wants it. */
const networkData = (lab: LabSpec, machine: MachineSpec, mac: string): JsonObject => ({
  links: [{ id: 'nic0', type: 'phy', ethernet_mac_address: mac, mtu: 1500 }],
  networks: [
    {
      id: 'provisioning',
      type: 'ipv4',
      link: 'nic0',
      ip_address: machine.address,
      netmask: lab.kind === 'qemu' ? NETMASK : LOOPBACK_NETMASK,
      network_id: 'lab',
      routes: [],
    },
  ],
  services: [],
});

/** Where a service must listen so that machines of this lab reach it. */
export const serviceHost = (lab: LabSpec): string =>
  lab.kind === 'qemu' ? HOST_ADDRESS : '127.0.0.1';

export const readSerialLog = async (machine: MachineSpec): Promise<string> => {
  try {
    return await readFile(serialLogOf(machine), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
};
