import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { constants, inflateRawSync, zstdDecompressSync } from 'node:zlib';

import { qcow2Extents } from '@bessemer/protocol/image/qcow2';
import { QCOW2_HEAD_BYTES, readQcow2Header } from '@bessemer/protocol/image/qcow2-header';
import { zstdFrameBytes } from '@bessemer/protocol/image/zstd-frame';

import { inTemporaryDirectory } from './base-iso.ts';

const DISK_BYTES = 6 * 1024 * 1024 + 1536;

/** Holes, text that compresses, noise that does not, and an end in the middle of a cluster. */
const makeDisk = (): Buffer => {
  const disk = Buffer.alloc(DISK_BYTES);
  for (let offset = 70_000; offset < DISK_BYTES; offset += 500_000) {
    randomBytes(40_000).copy(disk, offset);
    disk.fill('text ', offset + 40_000, offset + 130_000);
  }
  return disk;
};

/** The disk as it would be written from the stretches. */
const unpack = async (path: string): Promise<Buffer> => {
  const file = await open(path);
  try {
    const read = async (offset: number, length: number): Promise<Buffer> => {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    const { size } = await file.stat();
    const header = readQcow2Header(await read(0, QCOW2_HEAD_BYTES), size);
    const disk = Buffer.alloc(header.virtualBytes, 0xee);
    for await (const extent of qcow2Extents(read, header, size)) {
      const end = extent.guestOffset + extent.length;
      if (extent.kind === 'zero') disk.fill(0, extent.guestOffset, end);
      else if (extent.kind === 'data') {
        (await read(extent.hostOffset, extent.length)).copy(disk, extent.guestOffset);
      } else {
        const packed = await read(extent.hostOffset, extent.hostLength);
        const cluster =
          extent.compression === 'zstd'
            ? zstdDecompressSync(packed.subarray(0, zstdFrameBytes(packed)))
            : inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH });
        cluster.copy(disk, extent.guestOffset, 0, extent.length);
      }
    }
    return disk;
  } finally {
    await file.close();
  }
};

const qemuImg = (...args: string[]): void => {
  execFileSync('qemu-img', args, { stdio: ['ignore', 'ignore', 'pipe'] });
};

test('images of every kind that qemu-img makes are read as the disk that they hold', () =>
  inTemporaryDirectory(async (directory) => {
    const raw = join(directory, 'disk.raw');
    const disk = makeDisk();
    await writeFile(raw, disk);
    const kinds: readonly (readonly string[])[] = [
      ['-o', 'cluster_size=512'],
      ['-o', 'cluster_size=64k'],
      ['-o', 'cluster_size=2M'],
      ['-o', 'compat=0.10'],
      ['-o', 'preallocation=metadata'],
      ['-c', '-o', 'cluster_size=4k'],
      ['-c', '-o', 'cluster_size=2M'],
      ['-c', '-o', 'compression_type=zstd'],
    ];
    for (const [index, kind] of kinds.entries()) {
      const image = join(directory, `${index}.qcow2`);
      qemuImg('convert', '-f', 'raw', '-O', 'qcow2', ...kind, raw, image);

      const unpacked = await unpack(image);

      assert.ok(unpacked.equals(disk), kind.join(' '));
    }
  }));

test('images that lean on other files are refused, as qemu-img makes them', () =>
  inTemporaryDirectory(async (directory) => {
    const path = (name: string) => join(directory, name);
    await writeFile(path('base.raw'), makeDisk());
    const backing = ['-b', '/etc/passwd', '-F', 'raw', '-u'];
    const data = `data_file=${path('data.raw')},data_file_raw=on`;
    const cases: readonly (readonly [RegExp, readonly string[]])[] = [
      [/backing file/, [...backing, path('backing.qcow2'), '1M']],
      [/in another file/, ['-o', data, path('external.qcow2'), '1M']],
      [/subclusters/, ['-o', 'extended_l2=on', path('extended.qcow2'), '1M']],
    ];
    for (const [text, args] of cases) {
      qemuImg('create', '-f', 'qcow2', ...args);
      const image = args.find((each) => each.endsWith('.qcow2')) ?? '';

      await assert.rejects(unpack(image), text);
    }
  }));
