// Boot entries of UEFI firmware, through efibootmgr.

import { runProgram } from '../run-program.ts';
import type { BootEntry } from './hardware.ts';

export type ListedEntry = { readonly number: string; readonly label: string };

/** Lines like `Boot0003* Deployed<tab>HD(2,GPT,...)`; older versions separate with blanks. */
export const parseBootEntries = (text: string): ListedEntry[] =>
  [...text.matchAll(/^Boot([0-9A-F]{4})[* ] ([^\t\n]*)/gm)].map(([, number = '', rest = '']) => ({
    number,
    label: rest.replace(/\s+(HD|PciRoot|VenHw|FvVol|Acpi)\(.*$/, '').trim(),
  }));

/** Entries of the same label go first: each deployment would leave one more otherwise, until memory is full. */
export const setEfiBootEntry = async (entry: BootEntry): Promise<void> => {
  const listed = parseBootEntries(await runProgram('efibootmgr', []));
  for (const { number, label } of listed) {
    if (label !== entry.label) continue;
    await runProgram('efibootmgr', ['--quiet', '--bootnum', number, '--delete-bootnum']);
  }
  await runProgram('efibootmgr', [
    '--quiet',
    '--create',
    '--disk',
    entry.diskName,
    '--part',
    String(entry.partitionNumber),
    '--label',
    entry.label,
    '--loader',
    entry.loaderPath,
  ]);
};
