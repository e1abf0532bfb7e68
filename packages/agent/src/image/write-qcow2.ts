// A qcow2 image onto a disk, without a copy of the file and without any tool that would open what the file names.
// The file is streamed once to check its checksum, and nothing is written before that; then its clusters are read
// by ranges in the order of the disk, each compared with what was checked.

import { promisify } from 'node:util';
import { constants, inflateRaw, zstdDecompress } from 'node:zlib';
import { Failure } from '@bessemer/protocol/errors/failure';
import { type Qcow2Extent, qcow2Extents } from '@bessemer/protocol/image/qcow2';
import {
  QCOW2_HEAD_BYTES,
  type Qcow2Header,
  readQcow2Header,
} from '@bessemer/protocol/image/qcow2-header';
import { zstdFrameBytes } from '@bessemer/protocol/image/zstd-frame';
import type { AgentContext, Report } from '../agent-context.ts';
import { CommandFailure } from '../command-failure.ts';
import { type Block, BLOCK_BYTES, makeBlockPool } from './block-pool.ts';
import { type DiskWriter, tooLarge } from './disk-writer.ts';
import type { Download } from './download.ts';
import { type Hashes, PIECE_BYTES, startHashThread } from './hash-thread.ts';
import type { ImageInfo } from './image-info.ts';
import type { ImageServerOptions } from './image-server.ts';
import { makePieceReader, type PieceReader } from './piece-reader.ts';
import { makeProgress } from './progress.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { WrittenStream } from './write-stream.ts';

export type Qcow2Parts = {
  readonly server: ImageServerOptions;
  readonly download: Download;
  readonly writer: DiskWriter;
  readonly budget: RetryBudget;
  readonly diskBytes: number;
  /** False when the disk is known to read as zeros. */
  readonly writesZeros: boolean;
  readonly report: Report;
};

const BLOCKS_IN_FLIGHT = 3;
const ZEROS = Buffer.alloc(PIECE_BYTES);

export const writeQcow2 = async (
  { clock }: Pick<AgentContext, 'clock'>,
  info: ImageInfo,
  parts: Qcow2Parts,
): Promise<WrittenStream> => {
  const { download, diskBytes, report } = parts;
  const checking = makeProgress(clock, report, 'checking', download.totalBytes);
  const { hashes, fileBytes } = await hashAll(download, info, checking.add);
  if (hashes.digest !== info.digest.value) return { digest: hashes.digest, imageBytes: 0 };
  const file = { url: download.url, fileBytes, pieces: hashes.pieces };
  const reader = makePieceReader(parts.server, file, parts.budget);
  try {
    const header = readQcow2Header(await reader.read(0, QCOW2_HEAD_BYTES), fileBytes);
    const { virtualBytes } = header;
    if (virtualBytes > diskBytes) throw tooLarge(diskBytes, virtualBytes);
    const progress = makeProgress(clock, report, 'writing', virtualBytes);
    for await (const extent of qcow2Extents(reader.read, header, fileBytes)) {
      await writeExtent(extent, header, reader, parts);
      progress.set(extent.guestOffset + extent.length);
    }
    progress.end();
    return { digest: hashes.digest, imageBytes: virtualBytes };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new CommandFailure('InvalidImage', error.message, { failureCode: error.code });
  }
};

const hashAll = async (
  download: Download,
  info: ImageInfo,
  add: (bytes: number) => void,
): Promise<{ readonly hashes: Hashes; readonly fileBytes: number }> => {
  const hash = startHashThread(info.digest.algorithm, true);
  const pool = makeBlockPool(BLOCKS_IN_FLIGHT);
  let fileBytes = 0;
  let block: Block | null = null;
  const pass = (full: Block): void => {
    hash.update(full).then(() => pool.release(full), pool.fail);
  };
  try {
    for await (const chunk of download.chunks) {
      fileBytes += chunk.length;
      add(chunk.length);
      for (let at = 0; at < chunk.length;) {
        block ??= await pool.take();
        const copied = chunk.copy(block.bytes, block.length, at);
        block.length += copied;
        at += copied;
        if (block.length < BLOCK_BYTES) continue;
        pass(block);
        block = null;
      }
    }
    if (block !== null && block.length > 0) pass(block);
    return { hashes: await hash.finish(), fileBytes };
  } finally {
    await hash.close();
  }
};

const writeExtent = async (
  extent: Qcow2Extent,
  header: Qcow2Header,
  reader: PieceReader,
  { writer, writesZeros }: Qcow2Parts,
): Promise<void> => {
  const end = extent.guestOffset + extent.length;
  if (extent.kind === 'zero') {
    if (!writesZeros) return;
    for (let at = extent.guestOffset; at < end; at += ZEROS.length) {
      await writer.write(ZEROS.subarray(0, Math.min(ZEROS.length, end - at)), at);
    }
    return;
  }
  if (extent.kind === 'compressed') {
    const cluster = await unpacked(await reader.read(extent.hostOffset, extent.hostLength), header);
    await writer.write(cluster.subarray(0, extent.length), extent.guestOffset);
    return;
  }
  for (let at = extent.guestOffset; at < end;) {
    const hostAt = extent.hostOffset + (at - extent.guestOffset);
    const { bytes, start } = await reader.pieceAt(hostAt);
    const part = bytes.subarray(hostAt - start, hostAt - start + (end - at));
    if (part.length === 0) throw new CommandFailure('InvalidImage', 'a cluster is not in the file');
    await writer.write(part, at);
    at += part.length;
  }
};

/** The compressed stream may end before the bytes do, and fills the rest of its cluster with nothing. */
const unpacked = async (packed: Buffer, header: Qcow2Header): Promise<Buffer> => {
  const { clusterBytes, compression } = header;
  try {
    const bytes =
      compression === 'deflate'
        ? await promisify<Buffer, object, Buffer>(inflateRaw)(packed, {
            maxOutputLength: clusterBytes,
            finishFlush: constants.Z_SYNC_FLUSH,
          })
        : await promisify<Buffer, object, Buffer>(zstdDecompress)(
            packed.subarray(0, zstdFrameBytes(packed)),
            {
              maxOutputLength: clusterBytes,
            },
          );
    return bytes.length === clusterBytes
      ? bytes
      : Buffer.concat([bytes, Buffer.alloc(clusterBytes - bytes.length)]);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure('InvalidImage', `a compressed cluster is broken: ${why}`, {
      failureCode: 'image.format',
    });
  }
};
