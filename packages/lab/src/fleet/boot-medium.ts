// What the firmware and boot loader of a simulated machine do with an inserted medium: find the region that the
// service filled and unpack it as the ramdisk's files.

import { open } from 'node:fs/promises';
import { RAMDISK_ISO_LABEL, RESERVED_REGION_PATH } from '@bessemer/protocol/media/reserved-region';
import { RESERVED_REGION_BYTES } from '@bessemer/protocol/media/reserved-region';
import { LabFailure } from '../lab-failure.ts';
import { unpackArchive } from './initramfs-archive.ts';
import { readIsoFile, readIsoLabel } from './iso-image.ts';

/** Returns the names of the unpacked files; throws LabFailure for a medium that would not boot. */
export const unpackBootMedium = async (
  mediumPath: string,
  root: string,
): Promise<readonly string[]> => {
  const file = await open(mediumPath, 'r');
  try {
    const place = { file, offsetBytes: 0 };
    const label = await readIsoLabel(place);
    if (label !== RAMDISK_ISO_LABEL) {
      throw new LabFailure(
        label === undefined ? 'the medium is not an ISO image' : `the medium is labelled ${label}`,
      );
    }
    const archive = await readIsoFile(place, RESERVED_REGION_PATH, RESERVED_REGION_BYTES);
    if (archive === undefined) throw new LabFailure(`the medium has no ${RESERVED_REGION_PATH}`);
    return await unpackArchive(archive, root);
  } finally {
    await file.close();
  }
};
