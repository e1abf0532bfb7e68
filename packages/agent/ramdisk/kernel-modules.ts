// The drivers that the ramdisk carries: buses, disks, network cards and BMCs of servers and of emulated
// machines, with everything they need. Each further module costs memory and time at every boot.

import { cp, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RamdiskFailure } from './ramdisk-failure.ts';
import { runProgram } from './run-program.ts';

/** Must be in the kernel package, as module or built in. */
const REQUIRED =
  'virtio_pci virtio_net virtio_blk virtio_scsi virtio_rng virtio_console ahci ata_piix nvme sd_mod sr_mod cdrom ' +
  'e1000 e1000e igb ipmi_si ipmi_devintf isofs vfat nls_ascii nls_cp437 nls_iso8859_1 nls_utf8 loop ' +
  'xhci_pci ehci_pci uhci_hcd usb_storage uas efivarfs qemu_fw_cfg bonding 8021q dm_mod ' +
  'af_packet tpm_tis tpm_crb dmi_sysfs usbhid hid_generic';
/** Drivers of common servers; one that a kernel no longer has is left out. */
const SERVER_DRIVERS =
  'igc ixgbe i40e ice tg3 bnxt_en mlx4_en mlx5_core be2net qede sfc ena vmxnet3 atlantic r8169 cdc_ether ' +
  'rndis_host megaraid_sas mpt3sas hpsa smartpqi aacraid isci mvsas pm80xx vmw_pvscsi virtio_balloon raid0 raid1 ' +
  'raid10 raid456 ipmi_ssif i2c_i801';

export type ModuleSelection = { readonly count: number; readonly directory: string };

/** Fills `target`/lib/modules/VERSION and indexes it. */
export const selectModules = async (
  kernelTree: string,
  version: string,
  target: string,
): Promise<ModuleSelection> => {
  const source = join(kernelTree, 'lib/modules', version);
  await runProgram('depmod', ['-b', kernelTree, version]);
  const needs = readNeeds(await readFile(join(source, 'modules.dep'), 'utf8'));
  const builtin = await readFile(join(source, 'modules.builtin'), 'utf8');
  const known = new Set([...needs.byName.keys(), ...builtin.split('\n').map(moduleName)]);
  const missing = REQUIRED.split(' ').filter((name) => !known.has(name));
  if (missing.length > 0) {
    throw new RamdiskFailure(`kernel ${version} has no ${missing.join(', ')}`);
  }
  const files = new Set<string>();
  for (const name of `${REQUIRED} ${SERVER_DRIVERS}`.split(' ')) {
    const file = needs.byName.get(name);
    if (file === undefined) continue;
    files.add(file);
    for (const needed of needs.byFile.get(file) ?? []) files.add(needed);
  }
  const directory = join(target, 'lib/modules', version);
  const tables = ['modules.builtin', 'modules.builtin.modinfo', 'modules.order'];
  for (const file of [...files, ...tables]) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await cp(join(source, file), join(directory, file));
  }
  await runProgram('depmod', ['-b', target, version]);
  return { count: files.size, directory };
};

type Needs = {
  readonly byName: ReadonlyMap<string, string>;
  readonly byFile: ReadonlyMap<string, readonly string[]>;
};

const readNeeds = (text: string): Needs => {
  const byName = new Map<string, string>();
  const byFile = new Map<string, readonly string[]>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const file = line.slice(0, colon);
    byName.set(moduleName(file), file);
    byFile.set(
      file,
      line
        .slice(colon + 1)
        .split(' ')
        .filter((part) => part !== ''),
    );
  }
  return { byName, byFile };
};

/** `kernel/fs/nls/nls_iso8859-1.ko` is `nls_iso8859_1`. */
const moduleName = (file: string): string =>
  file
    .slice(file.lastIndexOf('/') + 1)
    .replace(/\.ko(\.[a-z]+)?$/u, '')
    .replaceAll('-', '_');
