// The config drive: what the installed system learns about itself at its first start. It comes as base64 of a
// gzip'd ISO or as an address of one, and gets a partition of its own.

import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { InventoryDisk } from '@bessemer/protocol/agent/inventory';
import { CommandFailure } from '../command-failure.ts';
import { type ImageServerOptions, openImage } from './image-server.ts';
import { ensurePartition } from './partition-table.ts';

/** The limit of stock agents. */
export const CONFIG_DRIVE_BYTES_MAX = 64 * 1024 * 1024;
export const CONFIG_DRIVE_LABEL = 'config-2';
/** Of base64, which takes a third more, and some line ends. */
const DOWNLOAD_BYTES_MAX = 96 * 1024 * 1024;
const PARTITION_STEP_BYTES = 1024 * 1024;
const BASE64 = /^[A-Za-z0-9+/=\s_-]*$/;

export const readConfigDrive = async (
  server: ImageServerOptions,
  given: string,
): Promise<Buffer> => {
  const bytes = /^https?:\/\//.test(given)
    ? await download(server, given)
    : Buffer.from(given, 'latin1');
  const packed = isGzip(bytes) ? bytes : fromBase64(bytes);
  if (!isGzip(packed)) throw invalid('it is not gzip data in base64');
  const unpack = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip);
  try {
    return await unpack(packed, { maxOutputLength: CONFIG_DRIVE_BYTES_MAX });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge();
    }
    throw invalid(error instanceof Error ? error.message : String(error));
  }
};

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const fromBase64 = (bytes: Buffer): Buffer => {
  const text = bytes.toString('latin1');
  if (!BASE64.test(text)) throw invalid('it is neither an address nor base64');
  return Buffer.from(text, 'base64');
};

const download = async (server: ImageServerOptions, url: string): Promise<Buffer> => {
  const { body } = await openImage(server, url, null);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > DOWNLOAD_BYTES_MAX) throw tooLarge();
    parts.push(Buffer.from(part));
  }
  return Buffer.concat(parts);
};

/** The number of the partition. */
export const writeConfigDrive = async (
  file: FileHandle,
  disk: InventoryDisk,
  drive: Buffer,
): Promise<number> => {
  const sizeBytes = Math.ceil(drive.length / PARTITION_STEP_BYTES) * PARTITION_STEP_BYTES;
  const place = await ensurePartition(file, disk, { name: CONFIG_DRIVE_LABEL, sizeBytes });
  await file.write(drive, 0, drive.length, place.offsetBytes);
  return place.number;
};

const tooLarge = (): CommandFailure =>
  new CommandFailure(
    'InvalidImage',
    `the config drive is larger than ${CONFIG_DRIVE_BYTES_MAX} bytes`,
    { failureCode: 'configdrive.too-large' },
  );

const invalid = (why: string): CommandFailure =>
  new CommandFailure('InvalidImage', `the config drive cannot be used: ${why}`, {
    failureCode: 'configdrive.invalid',
  });
