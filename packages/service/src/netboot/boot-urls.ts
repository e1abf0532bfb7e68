// Addresses of boot files. Firmware and loaders cannot log in, so the address is the permission: for one file of one
// boot of one node, until a stated time.

import { expiryText, isSignatureRight, signatureOf } from '#media/signed-url';

import type { BootManifest } from './boot-host.ts';

/** Every name that is ever served. What a request says is looked up here and never reaches a file system. */
export const BOOT_FILE_NAMES = ['boot.ipxe', 'kernel', 'initramfs', 'config.cpio'] as const;
export type BootFileName = (typeof BOOT_FILE_NAMES)[number];

export const asBootFileName = (text: string): BootFileName | undefined =>
  BOOT_FILE_NAMES.find((name) => name === text);

const factsOf = (manifest: BootManifest, name: BootFileName, expires: string) => [
  'netboot',
  manifest.id,
  manifest.nodeUuid,
  manifest.sessionId,
  manifest.bootNumber,
  name,
  expires,
];

/** Path and all behind the host. */
export const bootFilePath = (key: Buffer, manifest: BootManifest, name: BootFileName): string => {
  const expires = expiryText(manifest.expiresMs);
  const signature = signatureOf(key, factsOf(manifest, name, expires));
  return `/netboot/${manifest.id}/${signature}/${expires}/${name}`;
};

export const isBootPathRight = (
  key: Buffer,
  manifest: BootManifest,
  name: BootFileName,
  presented: { readonly signature: string; readonly expires: string },
): boolean =>
  isSignatureRight(key, factsOf(manifest, name, presented.expires), presented.signature);
