// Linux on real or emulated parts.

import { open } from 'node:fs/promises';
import { ROOT_DISK_BYTES_MIN } from '@bessemer/protocol/node/root-device-hints';
import type { AgentLog } from '../agent-log.ts';
import { CommandFailure } from '../command-failure.ts';
import { ProgramMissing, tryProgram } from '../run-program.ts';
import { setEfiBootEntry } from './efi-boot-entries.ts';
import type { Hardware } from './hardware.ts';
import { joinHostNetwork } from './host-network.ts';
import { findBmcAddress, readHostInterface } from './ipmi/bmc-info.ts';
import { makeIpmitoolInterface } from './ipmi/ipmitool-interface.ts';
import { readLinuxDisks } from './linux-disks.ts';
import { linuxEraseMethods, openBlockDevice, zeroLinuxDisk } from './linux-erase.ts';
import { readLinuxInterfaces } from './linux-interfaces.ts';
import { readBootMode, readLinuxSystem } from './linux-system.ts';
import type { SystemInterface } from './ipmi/system-interface.ts';
import { isThere } from './sysfs.ts';

export type GenericParts = {
  /** The card that the machine was started through, if the boot loader said so. */
  readonly bootMac: string | null;
  /** What the ramdisk's first process does when the agent ends with this status. */
  readonly exit: (status: number) => void;
  readonly log: AgentLog;
};

const POWER_OFF_STATUS = 0;
const REBOOT_STATUS = 77;
const BMC_DEVICE = '/dev/ipmi0';
const FLUSH_MS_MAX = 120_000;

export const makeGenericHardware = ({ bootMac, exit, log }: GenericParts): Hardware => {
  const bmc = makeIpmitoolInterface();
  /** Asked once: it does not change while the ramdisk runs, and the asking is slow. */
  let bmcAddress: Promise<string | null> | undefined;

  return {
    name: 'generic_hardware_manager',
    className: 'GenericHardwareManager',
    version: '1.2',
    rootDiskBytesMin: ROOT_DISK_BYTES_MIN,
    disks: readLinuxDisks,
    bootMode: readBootMode,
    inventory: async () => ({
      ...(await readLinuxSystem()),
      interfaces: await readLinuxInterfaces(),
      disks: await readLinuxDisks(),
      bmc_address: await (bmcAddress ??= addressOfBmc(bmc, log)),
      bmc_v6address: null,
      boot: { current_boot_mode: await readBootMode(), pxe_interface: bootMac },
    }),
    openForReading: (disk) => open(disk.name, 'r'),
    openForWriting: openBlockDevice,
    eraseMethods: linuxEraseMethods,
    zeroQuickly: zeroLinuxDisk,
    rereadPartitions: async (disk) => {
      // First what is cached must go, or a read-back would only see the cache.
      for (const action of ['--flushbufs', '--rereadpt']) {
        const { status, stderr } = await tryProgram('blockdev', [action, disk.name]);
        if (status !== 0) log.say(`blockdev ${action} ${disk.name}: ${stderr.trim()}`);
      }
    },
    partitionName: (disk, number) =>
      /\d$/.test(disk.name) ? `${disk.name}p${number}` : `${disk.name}${number}`,
    setBootEntry: setEfiBootEntry,
    flush: async () => {
      await tryProgram('sync', [], { timeoutMs: FLUSH_MS_MAX });
    },
    end: async (how) => exit(how === 'power-off' ? POWER_OFF_STATUS : REBOOT_STATUS),
    bmc,
    hostInterface: readHostInterface,
    joinHostNetwork,
    networkDown: async () => {
      for (const { name } of await readLinuxInterfaces()) {
        await tryProgram('ip', ['link', 'set', 'dev', name, 'down']);
      }
    },
    logs: async () => [
      { name: 'dmesg.log', content: await wordsOf('dmesg', []) },
      { name: 'lsblk.txt', content: await wordsOf('lsblk', ['--output-all']) },
      { name: 'efibootmgr.txt', content: await wordsOf('efibootmgr', ['--verbose']) },
      { name: 'addresses.txt', content: await wordsOf('ip', ['address']) },
    ],
  };
};

/** Null too where there is no BMC; that is no reason to stop an inventory. */
const addressOfBmc = async (bmc: SystemInterface, log: AgentLog): Promise<string | null> => {
  try {
    return (await isThere(BMC_DEVICE)) ? await findBmcAddress(bmc) : null;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    log.say(`no address of a BMC: ${error.message}`);
    return null;
  }
};

const wordsOf = async (program: string, args: readonly string[]): Promise<string> => {
  try {
    const { stdout, stderr } = await tryProgram(program, args);
    return stdout === '' ? stderr : stdout;
  } catch (error) {
    if (error instanceof ProgramMissing) return `${error.message}\n`;
    throw error;
  }
};
