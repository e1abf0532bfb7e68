// What iPXE is told for one boot. Built from checked words only; the one thing that iPXE fills in itself is the MAC
// of the card that it boots from.

import { parseKernelArguments } from '@bessemer/protocol/node/kernel-arguments';

import type { BootFileName } from './boot-urls.ts';

const URL_PATTERN = /^https?:\/\/[A-Za-z0-9.:[\]-]+(?:\/[A-Za-z0-9._~-]+)*$/;

export const isScriptUrl = (url: string): boolean => URL_PATTERN.test(url);

const checkedUrl = (url: string): string => {
  if (isScriptUrl(url)) return url;
  throw new Error('an address for a boot script has characters that a loader may take for more');
};

/** Ours are checked like anybody's, except that they may have our names. */
const OWN_WORD = /^(ipa-api-url|ipa-debug|ipa-global-request-id)=[A-Za-z0-9._:/[\]-]+$/;

const checkedWords = (words: readonly string[]): readonly string[] => {
  const foreign = words.filter((word) => !OWN_WORD.test(word));
  parseKernelArguments('kernel arguments', foreign.join(' '));
  return words;
};

const ARCHIVES = ['initramfs', 'config.cpio'] as const;

/**
 * `urlOf` gives the address of each file. The configuration comes last, so that it is what counts; before a ramdisk
 * that is not aligned (see aligned-file.ts), because UEFI machines would not find it behind. Throws for a word that
 * is none.
 */
export const renderBootScript = (
  kernelArguments: readonly string[],
  urlOf: (name: BootFileName) => string,
  { isRamdiskAligned }: { readonly isRamdiskAligned: boolean } = { isRamdiskAligned: true },
): string => {
  const url = (name: BootFileName): string => checkedUrl(urlOf(name));
  const archives = isRamdiskAligned ? ARCHIVES : [...ARCHIVES].reverse();
  const words = [
    ...archives.map((name) => `initrd=${name}`),
    'BOOTIF=${netX/mac}',
    ...checkedWords(kernelArguments),
  ];
  return [
    '#!ipxe',
    `kernel ${url('kernel')} ${words.join(' ')}`,
    ...archives.map((name) => `initrd --name ${name} ${url(name)}`),
    'boot',
    '',
  ].join('\n');
};

/** For DHCP servers that are not ours: they hand out one address, and it leads each card to its own boot. */
export const renderEntryScript = (base: string): string =>
  [
    '#!ipxe',
    `chain --replace --autofree ${checkedUrl(base)}/netboot/by-mac/\${netX/mac:hexhyp} || exit`,
    '',
  ].join('\n');
