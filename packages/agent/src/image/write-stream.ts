// One pass from the network to the disk: fill a block, hand it to the hashing thread and to the disk at the same
// time, fill the next. A few blocks are in flight; the slowest of network, hash and disk sets the pace.

import type { AgentContext, Report } from '../agent-context.ts';
import { type Block, BLOCK_BYTES, type BlockPool, makeBlockPool } from './block-pool.ts';
import { decompressed } from './decompress.ts';
import type { DiskWriter } from './disk-writer.ts';
import { tooLarge } from './disk-writer.ts';
import type { Download } from './download.ts';
import { detectCompression, requireDeclaredFormat } from './format.ts';
import { startHashThread } from './hash-thread.ts';
import type { ImageDigest, ImageInfo } from './image-info.ts';
import { makeProgress } from './progress.ts';

export type WrittenStream = {
  /** Of the file as downloaded, in the algorithm of the image description. */
  readonly digest: string;
  /** Of the disk image. */
  readonly imageBytes: number;
};

const BLOCKS_IN_FLIGHT = 4;

type Part = {
  readonly pool: BlockPool;
  /** Takes over one use of the block and releases it. */
  readonly pass: (block: Block) => void;
};

export const writeStream = async (
  { clock }: Pick<AgentContext, 'clock'>,
  download: Download,
  writer: DiskWriter,
  image: { readonly digest: ImageDigest; readonly format: ImageInfo['format'] },
  options: { readonly diskBytes: number; readonly report: Report },
): Promise<WrittenStream> => {
  const hash = startHashThread(image.digest.algorithm);
  const running = new Set<Promise<void>>();
  const pools: BlockPool[] = [];
  const progress = makeProgress(clock, options.report, 'writing', download.totalBytes);

  const pool = (): BlockPool => {
    const made = makeBlockPool(BLOCKS_IN_FLIGHT);
    pools.push(made);
    return made;
  };
  /** Work on a block beside the filling of the next; its failure stops everything. */
  const beside = (work: Promise<void>, block: Block, owner: BlockPool): void => {
    const settled = work.then(
      () => owner.release(block),
      (error: unknown) => {
        for (const one of pools) one.fail(error);
      },
    );
    running.add(settled);
    void settled.finally(() => running.delete(settled));
  };
  const failIfBroken = async (): Promise<void> => {
    // A pool that has failed refuses to give a block: that is how a failure beside comes back here.
    const [first] = pools;
    if (first !== undefined) first.release(await first.take());
  };

  let position = 0;
  let isFormatKnown = false;
  const toDisk = (block: Block, owner: BlockPool): void => {
    if (!isFormatKnown) {
      requireDeclaredFormat(image.format, block.bytes.subarray(0, block.length));
      isFormatKnown = true;
    }
    const at = position;
    position += block.length;
    if (position > options.diskBytes) throw tooLarge(options.diskBytes);
    beside(writer.write(block.bytes.subarray(0, block.length), at), block, owner);
  };

  try {
    const source = pool();
    const chunks = download.chunks[Symbol.asyncIterator]();
    const head = await takeHead(chunks);
    const compression = detectCompression(head.bytes);
    if (compression === null && (download.totalBytes ?? 0) > options.diskBytes) {
      throw tooLarge(options.diskBytes, download.totalBytes ?? undefined);
    }
    const all = watched(rest(head.parts, chunks), progress.add);
    if (compression === null) {
      await fillBlocks(all, {
        pool: source,
        pass: (block) => {
          block.users = 2;
          beside(hash.update(block), block, source);
          toDisk(block, source);
        },
      });
    } else {
      const unpacked = pool();
      const hashed = hashing(all, {
        pool: source,
        pass: (block) => beside(hash.update(block), block, source),
      });
      await fillBlocks(decompressed(hashed, compression), {
        pool: unpacked,
        pass: (block) => toDisk(block, unpacked),
      });
      // Whatever follows the compressed data belongs to the file and to its checksum.
      for await (const _chunk of hashed);
    }
    await Promise.all(running);
    await failIfBroken();
    const { digest } = await hash.finish();
    progress.end();
    return { digest, imageBytes: position };
  } finally {
    // Writes that are still under way must not touch the disk after this.
    for (const one of pools) one.fail(new Error('the writing has ended'));
    await Promise.allSettled(running);
    await hash.close();
  }
};

const HEAD_BYTES = 16;

/** Enough of the first chunks to know the compression. */
const takeHead = async (
  chunks: AsyncIterator<Buffer>,
): Promise<{ readonly parts: Buffer[]; readonly bytes: Buffer }> => {
  const parts: Buffer[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    parts.push(Buffer.from(next.value));
    length += next.value.length;
  }
  return { parts, bytes: Buffer.concat(parts) };
};

const rest = async function* (
  head: readonly Buffer[],
  chunks: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer> {
  yield* head;
  for (;;) {
    const next = await chunks.next();
    if (next.done === true) return;
    yield next.value;
  }
};

const watched = async function* (
  chunks: AsyncIterable<Buffer>,
  add: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    add(chunk.length);
    yield chunk;
  }
};

const fillBlocks = async (chunks: AsyncIterable<Buffer>, part: Part): Promise<void> => {
  let block: Block | null = null;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      block ??= await part.pool.take();
      const copied = chunk.copy(block.bytes, block.length, at);
      block.length += copied;
      at += copied;
      if (block.length < BLOCK_BYTES) continue;
      part.pass(block);
      block = null;
    }
  }
  if (block !== null && block.length > 0) part.pass(block);
};

/** Hands every chunk to the hashing thread on its way; the last, partly filled block at the end. */
const hashing = async function* (
  chunks: AsyncIterable<Buffer>,
  part: Part,
): AsyncGenerator<Buffer> {
  let block: Block | null = null;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      block ??= await part.pool.take();
      const copied = chunk.copy(block.bytes, block.length, at);
      block.length += copied;
      at += copied;
      if (block.length < BLOCK_BYTES) continue;
      part.pass(block);
      block = null;
    }
    // The decompressor keeps what it is given for a while.
    yield Buffer.from(chunk);
  }
  if (block !== null && block.length > 0) part.pass(block);
};
