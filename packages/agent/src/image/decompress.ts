// From compressed chunks to chunks of the disk image.

import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { CommandFailure } from '../command-failure.ts';
import { startFilter } from '../run-program.ts';
import type { Compression } from './format.ts';

const OUTPUT_CHUNK_BYTES = 1024 * 1024;

/** Errors of the download pass through as they are; errors of the compression become InvalidImage. */
export const decompressed = async function* (
  chunks: AsyncIterable<Buffer>,
  compression: Compression,
): AsyncGenerator<Buffer> {
  let inputError: unknown = null;
  const input = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* chunks;
    } catch (error) {
      inputError = error;
      throw error;
    }
  };
  const filter = openFilter(compression);
  const feeding = pipeline(Readable.from(input(), { objectMode: false }), filter);
  // Its failure also ends the reading below; here it only must not count as unhandled.
  feeding.catch(() => undefined);
  try {
    for await (const chunk of filter) yield chunk as Buffer;
    await feeding;
  } catch (error) {
    if (inputError !== null) throw inputError;
    if (!(error instanceof Error)) throw error;
    throw new CommandFailure(
      'InvalidImage',
      `the ${compression} data are broken: ${error.message}`,
      {
        failureCode: 'image.format',
        cause: error,
      },
    );
  } finally {
    filter.destroy();
  }
};

const openFilter = (compression: Compression): Duplex => {
  switch (compression) {
    case 'gzip':
      return createGunzip({ chunkSize: OUTPUT_CHUNK_BYTES });
    case 'zstd':
      return createZstdDecompress({ chunkSize: OUTPUT_CHUNK_BYTES });
    case 'xz':
      return startFilter('xz', ['--decompress', '--stdout', '--threads=1', '--memlimit=128MiB']);
  }
};
