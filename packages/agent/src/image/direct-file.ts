// Writes past the page cache: the disk takes the bytes from our own buffers. Copying them into the kernel's memory
// costs more than everything else that is done with an image, and in a ramdisk that memory is scarce. What the kernel
// or the device does not take this way (odd sizes, some file systems) goes through the page cache as always.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

export type DirectFile = {
  /** How many bytes of the beginning of `bytes` were written; 0 when none can be written this way. */
  readonly write: (bytes: Buffer, offset: number) => Promise<number>;
  readonly close: () => Promise<void>;
};

/** Sectors of every disk divide it. */
const ALIGNMENT_BYTES = 4_096;

/** Memory that begins at a page, as direct writes need it: V8 gives it to buffers that may grow. */
export const makeAlignedMemory = (sizeBytes: number): SharedArrayBuffer =>
  new SharedArrayBuffer(sizeBytes, { maxByteLength: sizeBytes });

const isAligned = (bytes: Buffer, offset: number): boolean =>
  bytes.buffer instanceof SharedArrayBuffer &&
  bytes.buffer.growable &&
  bytes.byteOffset % ALIGNMENT_BYTES === 0 &&
  offset % ALIGNMENT_BYTES === 0;

/** The same file once more, so that no other one is opened whatever its name means by now. */
const openAgain = async (file: FileHandle): Promise<FileHandle | null> => {
  try {
    return await open(`/proc/self/fd/${file.fd}`, constants.O_WRONLY | constants.O_DIRECT);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
};

export const openDirect = async (file: FileHandle): Promise<DirectFile> => {
  let direct = await openAgain(file);
  return {
    write: async (bytes, offset) => {
      if (direct === null || !isAligned(bytes, offset)) return 0;
      const length = bytes.length - (bytes.length % ALIGNMENT_BYTES);
      if (length === 0) return 0;
      try {
        const { bytesWritten } = await direct.write(bytes, 0, length, offset);
        return bytesWritten;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EINVAL')) throw error;
        return 0;
      }
    },
    close: async () => {
      const closing = direct;
      direct = null;
      await closing?.close();
    },
  };
};
