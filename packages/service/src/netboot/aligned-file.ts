// A file, with zeros behind it up to a round length. UEFI's loader puts initial RAM file systems one right behind the
// other, and the kernel finds a plain archive only where four divides its place: so whatever stands before this boot's
// configuration must have such a length. (Seen with a ramdisk of 56,676,777 bytes: the configuration was ignored.)
// The kernel passes over zeros between archives.

import { open } from 'node:fs/promises';

import { readChunks, type ServedFile } from '#media/served-file';

export const ARCHIVE_ALIGNMENT_BYTES = 4;

/** `alignmentBytes` 1 serves the file as it is. */
export const openAlignedFile = async (
  path: string,
  alignmentBytes: number,
): Promise<ServedFile> => {
  const file = await open(path, 'r');
  const { size, mtimeMs, ino } = await file.stat();
  const sizeBytes = Math.ceil(size / alignmentBytes) * alignmentBytes;
  return {
    sizeBytes,
    etag: `"${ino}-${sizeBytes}-${Math.round(mtimeMs)}"`,
    contentType: 'application/octet-stream',
    read: async function* (startBytes, endBytes) {
      const chunks = readChunks(file, startBytes, Math.min(endBytes, size));
      for await (const { bytes } of chunks) yield bytes;
      const zeros = endBytes - Math.max(startBytes, size);
      if (zeros > 0) yield Buffer.alloc(zeros);
    },
    close: () => file.close(),
  };
};
