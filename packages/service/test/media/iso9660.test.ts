import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Failure } from '@bessemer/protocol/errors/failure';
import { findIsoFile, readIsoVolume } from '@bessemer/protocol/media/iso9660';
import { RAMDISK_ISO_LABEL } from '@bessemer/protocol/media/reserved-region';

import { inTemporaryDirectory, makeBaseIso } from './base-iso.ts';

const SECTOR_BYTES = 2048;
const FILE = '/BOOT/VMLINUZ';

const withIso = (work: (iso: Buffer) => Promise<void>): Promise<void> =>
  inTemporaryDirectory(async (directory) => work(await readFile(await makeBaseIso(directory))));

const readerOf = (iso: Uint8Array) => async (offset: number, length: number) =>
  iso.subarray(offset, offset + length);

const find = (iso: Uint8Array, path = FILE) => findIsoFile(readerOf(iso), path);

const isInvalid = (error: unknown): boolean =>
  error instanceof Failure && error.code === 'media.invalid';

/** The record of a file in its directory, found by its name. */
const recordOf = (iso: Buffer, name: string): number => iso.indexOf(name) - 33;

test('files are found where they are, and only files', () =>
  withIso(async (iso) => {
    const found = await find(iso);

    assert.equal((await readIsoVolume(readerOf(iso)))?.label, RAMDISK_ISO_LABEL);
    assert.equal(found?.sizeBytes, 100_000);
    const offsetBytes = found?.offsetBytes ?? 0;
    assert.equal(iso.toString('latin1', offsetBytes, offsetBytes + 8), 'basebase');
    for (const path of [
      '/BOOT',
      '/BOOT/NONE',
      '/NONE/VMLINUZ',
      '/',
      '/BOOT/VMLINUZ/X',
      '/BOOT/..',
    ]) {
      assert.equal(await find(iso, path), undefined, path);
    }
  }));

test('an image whose numbers, names or places contradict each other is refused', () =>
  withIso(async (iso) => {
    const record = recordOf(iso, 'VMLINUZ.;1');
    assert.ok(record > 0);
    const cases: readonly (readonly [RegExp, (iso: Buffer) => void])[] = [
      [/contradict/, (copy) => copy.writeUInt32LE(1, record + 2)],
      [/contradict/, (copy) => copy.writeUInt32BE(1, record + 14)],
      [
        /outside of the image/,
        (copy) => {
          copy.writeUInt32LE(0x7fffffff, record + 2);
          copy.writeUInt32BE(0x7fffffff, record + 6);
        },
      ],
      [/more than one piece/, (copy) => copy.writeUInt8(0x80, record + 25)],
      [/interleaved/, (copy) => copy.writeUInt8(1, record + 26)],
      [/a name is cut short/, (copy) => copy.writeUInt8(255, record + 32)],
      [/a record is cut short/, (copy) => copy.writeUInt8(20, record)],
      // The other file of the directory takes the name of this one.
      [
        /is there twice/,
        (copy) => copy.write('VMLINUZ;0001', copy.indexOf('CONFIG.CPI;1'), 'latin1'),
      ],
      [
        /blocks are not/,
        (copy) => {
          copy.writeUInt16LE(512, 16 * SECTOR_BYTES + 128);
          copy.writeUInt16BE(512, 16 * SECTOR_BYTES + 130);
        },
      ],
    ];
    for (const [text, change] of cases) {
      const copy = Buffer.from(iso);
      change(copy);
      await assert.rejects(find(copy), (error: Error) => {
        assert.match(error.message, text);
        return isInvalid(error);
      });
    }
  }));

test('an altered image is refused or its files stay within it', () =>
  withIso(async (iso) => {
    const root = iso.readUInt32LE(16 * SECTOR_BYTES + 158) * SECTOR_BYTES;
    const anyPlace = fc.oneof(
      fc.nat(SECTOR_BYTES - 1).map((at) => 16 * SECTOR_BYTES + at),
      fc.nat(2 * SECTOR_BYTES - 1).map((at) => root + at),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyPlace, fc.nat(255)), { minLength: 1 }),
        async (bytes) => {
          const copy = Buffer.from(iso);
          for (const [at, value] of bytes) copy[at] = value;

          try {
            const found = await find(copy);
            if (found === undefined) return;
            const volume = await readIsoVolume(readerOf(copy));
            assert.ok(found.offsetBytes + found.sizeBytes <= (volume?.sizeBytes ?? 0));
          } catch (error) {
            assert.ok(isInvalid(error), String(error));
          }
        },
      ),
      { numRuns: 500 },
    );
  }));

test('an image that is cut short, or is none, is refused', () =>
  withIso(async (iso) => {
    for (const length of [0, 100, 16 * SECTOR_BYTES + 100, 17 * SECTOR_BYTES]) {
      await assert.rejects(find(iso.subarray(0, length)), isInvalid);
    }
    await assert.rejects(find(Buffer.alloc(100_000)), isInvalid);
    assert.equal(await readIsoVolume(readerOf(Buffer.alloc(100_000))), undefined);
  }));
