// `image.install_bootloader`: makes the firmware start what was written. UEFI gets a boot entry for the EFI
// system partition. A BIOS starts the boot loader that whole-disk images bring in their first sector.

import type { JsonObject } from '@bessemer/protocol/json';
import { type AgentContext } from '../agent-context.ts';
import { CommandFailure } from '../command-failure.ts';
import { findEspNumber } from '#image/partition-table';
import { requirePermit } from '../may-write-disks.ts';
import type { Command } from './command.ts';

const BOOT_LABEL = 'Bessemer';
const LOADERS: { readonly [architecture: string]: string } = {
  x86_64: '\\EFI\\BOOT\\BOOTX64.EFI',
  aarch64: '\\EFI\\BOOT\\BOOTAA64.EFI',
};
/** What a conductor sends when there is no such thing. */
const NO_UUIDS: ReadonlySet<unknown> = new Set([undefined, null, '', '0x00000000']);

export const imageCommands = (context: AgentContext): Command[] => [
  {
    name: 'image.install_bootloader',
    kind: 'async',
    run: async ({ params }) => {
      try {
        await installBootloader(context, params);
      } catch (error) {
        if (!mayIgnore(context, params) || !(error instanceof Error)) throw error;
        context.log.say(`boot loader: ${error.message}; ignored as asked`);
      }
      return null;
    },
  },
];

const mayIgnore = ({ configuration }: AgentContext, params: JsonObject): boolean => {
  const asked = params['ignore_bootloader_failure'];
  return typeof asked === 'boolean' ? asked : configuration.ignoreBootloaderFailure;
};

const installBootloader = async (context: AgentContext, params: JsonObject): Promise<void> => {
  const mode = params['target_boot_mode'] ?? 'bios';
  if (mode !== 'uefi' && mode !== 'bios') {
    throw new CommandFailure('InvalidCommandParamsError', "'target_boot_mode' is uefi or bios.");
  }
  if (mode === 'uefi' && (await context.hardware.bootMode()) === 'uefi') {
    await addUefiEntry(context);
    return;
  }
  // Without a root file system there is nothing to install for: a whole-disk image brings its loader.
  if (NO_UUIDS.has(params['root_uuid'])) return;
  if (context.state.image !== null && params['root_uuid'] === context.state.image.diskIdentifier) {
    return;
  }
  throw new CommandFailure(
    'InvalidImage',
    'installing a BIOS boot loader into a partition image is not supported; use a whole-disk image',
  );
};

const addUefiEntry = async ({ hardware, permit, state, log }: AgentContext): Promise<void> => {
  requirePermit(permit);
  const { image } = state;
  if (image === null) return;
  const disk = (await hardware.disks()).find(({ name }) => name === image.diskName);
  if (disk === undefined) throw new CommandFailure('DeviceNotFound', `${image.diskName} is gone`);
  const file = await hardware.openForReading(disk);
  try {
    const partitionNumber = await findEspNumber(file, disk);
    if (partitionNumber === undefined) {
      throw new CommandFailure(
        'DeviceNotFound',
        `the image on ${disk.name} has no EFI system partition, so a machine in UEFI mode cannot start it`,
      );
    }
    const { cpu } = await hardware.inventory();
    const loaderPath = LOADERS[cpu.architecture] ?? LOADERS['x86_64'] ?? '';
    const entry = { diskName: disk.name, partitionNumber, label: BOOT_LABEL, loaderPath };
    await hardware.setBootEntry(entry);
    log.say(`boot entry for partition ${partitionNumber} of ${disk.name}`);
  } finally {
    await file.close();
  }
};
