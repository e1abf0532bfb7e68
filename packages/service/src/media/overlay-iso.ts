// A base ISO with the bytes of one boot in its reserved region, put together while it is read: nothing of a node
// is ever written to disk, and a thousand nodes share one file.

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { Failure } from '@bessemer/protocol/errors/failure';
import { findIsoFile } from '@bessemer/protocol/media/iso9660';
import {
  RESERVED_REGION_BYTES,
  RESERVED_REGION_PATH,
} from '@bessemer/protocol/media/reserved-region';

import { readChunks, type ServedFile } from './served-file.ts';

export type BaseIso = {
  readonly file: FileHandle;
  readonly sizeBytes: number;
  /** Changes whenever the file is another one or was written to. */
  readonly identity: string;
  /** Where the reserved region starts. */
  readonly regionBytes: number;
};

/** Regions of files that were looked into, by identity; a service has a few base images in its life. */
const knownRegions = new Map<string, number>();
const KNOWN_REGIONS_MAX = 100;

/** The caller closes `file`. Throws Failure `media.missing` or `media.invalid`. */
export const openBaseIso = async (path: string): Promise<BaseIso> => {
  const file = await openForReading(path);
  try {
    const facts = await file.stat({ bigint: true });
    if (!facts.isFile()) throw invalid(path, 'it is not a plain file');
    const identity = `${path}:${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeNs}`;
    let regionBytes = knownRegions.get(identity);
    if (regionBytes === undefined) {
      regionBytes = await findRegion(file, path);
      if (knownRegions.size >= KNOWN_REGIONS_MAX) knownRegions.clear();
      knownRegions.set(identity, regionBytes);
    }
    return { file, sizeBytes: Number(facts.size), identity, regionBytes };
  } catch (error) {
    await file.close();
    throw error;
  }
};

/** Hex SHA-256; differs for another base or another archive. */
export const mediumDigest = (base: Pick<BaseIso, 'identity'>, archive: Buffer): string =>
  createHash('sha256').update(base.identity).update('\0').update(archive).digest('hex');

/** Takes over `base`: it is closed with the result. */
export const overlayIso = (base: BaseIso, archive: Buffer, digest: string): ServedFile => ({
  sizeBytes: base.sizeBytes,
  etag: `"${digest}"`,
  contentType: 'application/vnd.efi.iso',
  read: (startBytes, endBytes) => readOverlaid(base, archive, startBytes, endBytes),
  close: () => base.file.close(),
});

const readOverlaid = async function* (
  base: BaseIso,
  archive: Buffer,
  startBytes: number,
  endBytes: number,
): AsyncGenerator<Buffer> {
  const archiveEnd = base.regionBytes + archive.length;
  for await (const { offsetBytes, bytes } of readChunks(base.file, startBytes, endBytes)) {
    const from = Math.max(offsetBytes, base.regionBytes);
    const to = Math.min(offsetBytes + bytes.length, archiveEnd);
    if (from < to) {
      archive.copy(bytes, from - offsetBytes, from - base.regionBytes, to - base.regionBytes);
    }
    yield bytes;
  }
};

const openForReading = async (path: string): Promise<FileHandle> => {
  try {
    // Without O_NONBLOCK a named pipe in the place of the file would hold us for ever.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw new Failure(
      'media.missing',
      `The ramdisk image ${path} cannot be opened. Build it with: bessemer ramdisk build`,
      { cause },
    );
  }
};

/** The region must be there, whole and empty: anything else is not a base image of ours, or was used as one. */
const findRegion = async (file: FileHandle, path: string): Promise<number> => {
  const read = async (offsetBytes: number, lengthBytes: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(lengthBytes);
    const { bytesRead } = await file.read(buffer, 0, lengthBytes, offsetBytes);
    return buffer.subarray(0, bytesRead);
  };
  const region = await findIsoFile(read, RESERVED_REGION_PATH);
  if (region === undefined) throw invalid(path, `it has no ${RESERVED_REGION_PATH}`);
  if (region.sizeBytes !== RESERVED_REGION_BYTES) {
    throw invalid(path, `its ${RESERVED_REGION_PATH} is not ${RESERVED_REGION_BYTES} bytes`);
  }
  const content = await read(region.offsetBytes, region.sizeBytes);
  if (content.length !== region.sizeBytes || content.some((byte) => byte !== 0)) {
    throw invalid(path, `its ${RESERVED_REGION_PATH} is not empty`);
  }
  return region.offsetBytes;
};

const invalid = (path: string, reason: string): Failure =>
  new Failure('media.invalid', `The ramdisk image ${path} cannot be used: ${reason}.`);
