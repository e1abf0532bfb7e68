// What the boot listener can serve: a file of known size whose bytes can be read from anywhere, found by a signed
// address. It knows neither what the file is nor where it lies.

import type { FileHandle } from 'node:fs/promises';

import { Failure } from '@bessemer/protocol/errors/failure';

export type ServedFile = {
  readonly sizeBytes: number;
  /** Strong, with its quotes: the same tag means the same bytes. */
  readonly etag: string;
  readonly contentType: string;
  /** From `startBytes` up to, not including, `endBytes`. */
  readonly read: (startBytes: number, endBytes: number) => AsyncIterable<Buffer>;
  /** To be called once, after the last read, whatever happened. */
  readonly close: () => Promise<void>;
};

/** The parts of an address, as they were asked for. Nothing of it names a file of this host. */
export type SignedAddress = {
  readonly id: string;
  readonly signature: string;
  readonly expires: string;
  readonly name: string;
};

export type FoundFile =
  | { readonly outcome: 'found'; readonly file: ServedFile }
  /** Never was there; signature is wrong; was there and is over. */
  | { readonly outcome: 'unknown' | 'denied' | 'gone' };

export type FileSource = {
  /** `sourceAddress` is where the request came from. */
  readonly find: (address: SignedAddress, sourceAddress: string) => Promise<FoundFile>;
};

/** Few system calls for a large image, little memory for many slow readers. */
const CHUNK_BYTES = 256 * 1024;

/** Throws Failure `media.invalid` when the file became shorter meanwhile. */
export const readChunks = async function* (
  file: FileHandle,
  startBytes: number,
  endBytes: number,
): AsyncGenerator<{ readonly offsetBytes: number; readonly bytes: Buffer }> {
  for (let offsetBytes = startBytes; offsetBytes < endBytes;) {
    const wanted = Math.min(CHUNK_BYTES, endBytes - offsetBytes);
    const buffer = Buffer.allocUnsafe(wanted);
    const { bytesRead } = await file.read(buffer, 0, wanted, offsetBytes);
    if (bytesRead === 0) {
      throw new Failure('media.invalid', 'A file became shorter while it was served.');
    }
    yield { offsetBytes, bytes: buffer.subarray(0, bytesRead) };
    offsetBytes += bytesRead;
  }
};
