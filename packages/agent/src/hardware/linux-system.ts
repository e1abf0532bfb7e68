// Board, processor and memory of a Linux machine.

import { cpus, hostname, machine, totalmem } from 'node:os';
import type { Inventory } from '@bessemer/protocol/agent/inventory';
import { ProgramMissing, tryProgram } from '../run-program.ts';
import type { BootMode } from './hardware.ts';
import { isThere, readSysfs } from './sysfs.ts';

const DMI = '/sys/class/dmi/id';
const MIB = 1024 * 1024;

export type LinuxSystem = Pick<
  Inventory,
  'cpu' | 'memory' | 'system_vendor' | 'hostname' | 'system_uuid'
>;

export const readBootMode = async (): Promise<BootMode> =>
  (await isThere('/sys/firmware/efi')) ? 'uefi' : 'bios';

export const readLinuxSystem = async (): Promise<LinuxSystem> => {
  const dmi = async (name: string): Promise<string> => (await readSysfs(`${DMI}/${name}`)) ?? '';
  const cpuInfo = (await readSysfs('/proc/cpuinfo')) ?? '';
  const [first] = cpus();
  const systemUuid = await dmi('product_uuid');
  return {
    cpu: {
      model_name: first?.model ?? '',
      frequency: (first?.speed ?? 0).toFixed(4),
      count: cpus().length,
      architecture: machine(),
      flags: /^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuInfo)?.[1]?.split(' ') ?? [],
      socket_count: Math.max(
        1,
        new Set([...cpuInfo.matchAll(/^physical id\s*:\s*(\d+)$/gm)].map(([, id]) => id)).size,
      ),
    },
    memory: { total: totalmem(), physical_mb: await physicalMemoryMiB() },
    system_vendor: {
      product_name: await dmi('product_name'),
      serial_number: await dmi('product_serial'),
      manufacturer: await dmi('sys_vendor'),
      firmware: {
        vendor: await dmi('bios_vendor'),
        version: await dmi('bios_version'),
        build_date: await dmi('bios_date'),
      },
    },
    hostname: hostname(),
    ...(systemUuid === '' ? {} : { system_uuid: systemUuid.toLowerCase() }),
  };
};

/** What is plugged in, which is more than the kernel may use. */
const physicalMemoryMiB = async (): Promise<number> => {
  try {
    const { stdout } = await tryProgram('dmidecode', ['--type', '17']);
    const found = parseMemoryModules(stdout);
    if (found > 0) return found;
  } catch (error) {
    if (!(error instanceof ProgramMissing)) throw error;
  }
  return Math.ceil(totalmem() / MIB);
};

export const parseMemoryModules = (text: string): number => {
  let mib = 0;
  for (const [, amount, unit] of text.matchAll(/^\s*Size:\s*(\d+)\s*(MB|GB|TB)\s*$/gm)) {
    mib += Number(amount) * (unit === 'TB' ? 1024 ** 2 : unit === 'GB' ? 1024 : 1);
  }
  return mib;
};
