// The method that every disk knows: zeros from the first to the last byte.

import type { FileHandle } from 'node:fs/promises';
import type { InventoryDisk } from '@bessemer/protocol/agent/inventory';
import type { DiskWritePermit } from '../may-write-disks.ts';
import type { EraseMethod } from './hardware.ts';

const BLOCK_BYTES = 4 * 1024 * 1024;
/** Kept small so that the end of a long overwrite is not a long flush. */
const FLUSH_EVERY_BYTES = 256 * 1024 * 1024;

export const overwriteMethod = (
  disk: InventoryDisk,
  openToErase: (disk: InventoryDisk, permit: DiskWritePermit) => Promise<FileHandle>,
): EraseMethod => ({
  name: 'overwrite',
  run: async (permit, report) => {
    const zeros = Buffer.alloc(BLOCK_BYTES);
    const file = await openToErase(disk, permit);
    try {
      let unflushedBytes = 0;
      for (let offset = 0; offset < disk.size;) {
        const length = Math.min(BLOCK_BYTES, disk.size - offset);
        const { bytesWritten } = await file.write(zeros, 0, length, offset);
        if (bytesWritten === 0) throw new Error(`nothing could be written at ${offset}`);
        offset += bytesWritten;
        unflushedBytes += bytesWritten;
        if (unflushedBytes >= FLUSH_EVERY_BYTES) {
          await file.datasync();
          unflushedBytes = 0;
        }
        report(offset);
      }
      await file.sync();
    } finally {
      await file.close();
    }
  },
});
