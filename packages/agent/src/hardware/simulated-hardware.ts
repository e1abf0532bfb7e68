// A machine without hardware: its disks are files, its power is this process. Used by the lab and by tests; the
// commands, steps, image writing and erasing on top of it are the same as on real machines.

import { open } from 'node:fs/promises';
import type { InventoryDisk } from '@bessemer/protocol/agent/inventory';
import type { Clock } from '#clock';
import { CommandFailure } from '../command-failure.ts';
import { type DiskWritePermit, requirePermit } from '../may-write-disks.ts';
import type { EraseMethod, Hardware } from './hardware.ts';
import { makeSimulatedInterface } from './ipmi/simulated-interface.ts';
import type { SystemInterface } from './ipmi/system-interface.ts';
import { overwriteMethod } from './overwrite.ts';
import type { SimulatedDisk, SimulatedMachine } from './simulated-machine.ts';

export type SimulatedParts = {
  readonly clock: Clock;
  readonly machine: SimulatedMachine;
  /** Ends the process: 0 for power off, 77 for a restart. */
  readonly exit: (status: number) => void;
  readonly say: (text: string) => void;
};

export const SIMULATED_REBOOT_STATUS = 77;
const QUICK_METHODS = ['nvme-format', 'discard'] as const;

export const makeSimulatedHardware = ({ machine, clock, exit, say }: SimulatedParts): Hardware => {
  const fileOf = (disk: InventoryDisk): SimulatedDisk => {
    const found = machine.disks.find(({ name }) => name === disk.name);
    if (found === undefined) throw new CommandFailure('DeviceNotFound', `no disk ${disk.name}`);
    return found;
  };
  const disks = machine.disks.map(inventoryDisk);
  return {
    name: 'simulated_hardware_manager',
    className: 'SimulatedHardwareManager',
    version: '1.0',
    // Files of simulated machines are small on purpose.
    rootDiskBytesMin: 1,
    disks: async () => disks,
    bootMode: async () => machine.bootMode,
    inventory: async () => ({
      interfaces: machine.nics.map((nic) => ({
        name: nic.name,
        mac_address: nic.mac,
        ipv4_address: nic.ipv4,
        ipv6_address: null,
        has_carrier: true,
        lldp: null,
        vendor: null,
        product: null,
        client_id: null,
        biosdevname: null,
        speed_mbps: null,
        pci_address: null,
        driver: null,
      })),
      cpu: {
        model_name: 'Simulated processor',
        frequency: '0.0000',
        count: machine.cpu.count,
        architecture: machine.cpu.architecture,
        flags: [],
        socket_count: 1,
      },
      disks,
      memory: {
        total: machine.memoryMiB * 1024 * 1024,
        physical_mb: machine.memoryMiB,
      },
      bmc_address: machine.bmcAddress,
      bmc_v6address: null,
      system_vendor: {
        product_name: machine.system.product,
        serial_number: machine.system.serial,
        manufacturer: machine.system.manufacturer,
        firmware: { vendor: 'Bessemer', version: '1.0', build_date: '01/01/2026' },
      },
      boot: {
        current_boot_mode: machine.bootMode,
        pxe_interface: machine.nics[0]?.mac ?? null,
      },
      hostname: `sim-${machine.system.serial.toLowerCase()}`,
      system_uuid: machine.system.uuid,
    }),
    openForReading: (disk) => open(fileOf(disk).path, 'r'),
    openForWriting: (disk, permit) => {
      requirePermit(permit);
      return open(fileOf(disk).path, 'r+');
    },
    eraseMethods: async (disk) => {
      const file = fileOf(disk);
      const quick = QUICK_METHODS.filter((name) => file.supports.includes(name));
      return [...quick.map((name) => quickMethod(file, name)), overwriteMethod(disk, openToErase)];
    },
    zeroQuickly: async (disk, permit) => {
      requirePermit(permit);
      const file = fileOf(disk);
      if (file.lies || !file.supports.includes('discard')) return false;
      await emptyFile(file);
      return true;
    },
    rereadPartitions: async () => {},
    partitionName: (disk, number) => `${disk.name}p${number}`,
    setBootEntry: async (entry) => {
      say(`boot entry "${entry.label}": partition ${entry.partitionNumber} ${entry.loaderPath}`);
    },
    flush: async () => {},
    end: async (how) => exit(how === 'power-off' ? 0 : SIMULATED_REBOOT_STATUS),
    bmc: bmcOf(machine, clock),
    hostInterface: async () => null,
    joinHostNetwork: async () => 'a simulated machine has no such network',
    networkDown: async () => say('network interfaces are down'),
    logs: async () => [{ name: 'machine.json', content: JSON.stringify(machine, null, 2) }],
  };

  function openToErase(disk: InventoryDisk, permit: DiskWritePermit) {
    requirePermit(permit);
    return open(fileOf(disk).path, 'r+');
  }
};

const bmcOf = ({ bmcInside }: SimulatedMachine, clock: Clock): SystemInterface => {
  if (bmcInside !== null) return makeSimulatedInterface({ ...bmcInside, clock });
  const refuse = async (): Promise<never> => {
    throw new CommandFailure('CommandExecutionError', 'this machine has no way to a BMC');
  };
  return { exchange: refuse, exchangeAll: refuse };
};

const inventoryDisk = (disk: SimulatedDisk): InventoryDisk => ({
  name: disk.name,
  model: disk.model,
  size: disk.sizeBytes,
  rotational: disk.rotational,
  wwn: disk.wwn,
  serial: disk.serial,
  vendor: disk.vendor,
  wwn_with_extension: disk.wwn,
  wwn_vendor_extension: null,
  hctl: null,
  by_path: null,
  logical_sectors: disk.logicalSectorBytes,
  physical_sectors: disk.logicalSectorBytes,
  tran: disk.tran,
});

/** Like the real one: immediate, and all zeros after it, unless the disk lies. */
const quickMethod = (disk: SimulatedDisk, name: string): EraseMethod => ({
  name,
  run: async (permit) => {
    requirePermit(permit);
    if (!disk.lies) await emptyFile(disk);
  },
});

/** A file that was cut and grown again is all zeros and takes no room. */
const emptyFile = async (disk: SimulatedDisk): Promise<void> => {
  const file = await open(disk.path, 'r+');
  try {
    await file.truncate(0);
    await file.truncate(disk.sizeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
};
