import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';

import { Failure } from '@bessemer/protocol/errors/failure';
import { readIsoVolume } from '@bessemer/protocol/media/iso9660';

import { buildConfigDrive } from '#media/configdrive';

import { inTemporaryDirectory } from './base-iso.ts';

const NODE = { nodeUuid: '5f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f10' };
const MIB = 1_048_576;

const unpacked = (drive: string): Buffer => gunzipSync(Buffer.from(drive, 'base64'));
const failsWith = (code: string) => (error: unknown) =>
  error instanceof Failure && error.code === code;

/** One file of the drive, as another ISO reader sees it; undefined when it is not there. */
const fileOf = (iso: string, directory: string, name: string): Promise<string | undefined> => {
  const target = join(directory, name);
  const source = `/openstack/latest/${name}`;
  execFileSync('xorriso', ['-osirrox', 'on', '-indev', iso, '-extract', source, target], {
    stdio: 'ignore',
  });
  return readFile(target, 'utf8');
};

test('a drive made of parts is an ISO named config-2 with the files that cloud-init reads', () =>
  inTemporaryDirectory(async (directory) => {
    const drive = await buildConfigDrive(
      {
        meta_data: { hostname: 'db-1', public_keys: { me: 'ssh-ed25519 AAAA' } },
        user_data: '#cloud-config\n',
        network_data: { links: [] },
        vendor_data: { a: 1 },
      },
      NODE,
    );

    const iso = join(directory, 'drive.iso');
    await writeFile(iso, unpacked(drive));
    const bytes = unpacked(drive);
    const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
    assert.equal((await readIsoVolume(read))?.label, 'config-2');
    assert.deepEqual(JSON.parse((await fileOf(iso, directory, 'meta_data.json')) ?? ''), {
      uuid: NODE.nodeUuid,
      hostname: 'db-1',
      public_keys: { me: 'ssh-ed25519 AAAA' },
    });
    assert.equal(await fileOf(iso, directory, 'user_data'), '#cloud-config\n');
    assert.equal(await fileOf(iso, directory, 'network_data.json'), '{"links":[]}');
    assert.equal(await fileOf(iso, directory, 'vendor_data2.json'), '{"a":1}');
  }));

test('the same parts give the same bytes: nothing in a drive tells when or where it was made', () =>
  inTemporaryDirectory(async (directory) => {
    const parts = { meta_data: { hostname: 'db-1' }, user_data: '#!/bin/sh\n' };

    const drive = await buildConfigDrive(parts, NODE);

    assert.equal(await buildConfigDrive(parts, NODE), drive);
    // Where gzip keeps a time.
    assert.equal(Buffer.from(drive, 'base64').readUInt32LE(4), 0);
    const iso = join(directory, 'drive.iso');
    await writeFile(iso, unpacked(drive));
    const list = ['-indev', iso, '-pvd_info', '-find', '/', '-exec', 'lsdl'];
    const shown = execFileSync('xorriso', list, { encoding: 'utf8', stdio: 'pipe' });
    const files = shown.split('\n').filter((line) => /^[d-]r/.test(line));
    assert.equal(files.length, 5, shown);
    for (const line of files) assert.match(line, /^\S+ +\d+ 0 +0 +\d+ Jan {2}1 {2}2020 /);
    for (const name of ['Creation', 'Modif.']) {
      assert.match(shown, new RegExp(`${name} Time *: 2020010100000000`));
    }
  }));

test('meta, network and vendor data may be JSON text; user data stays the text that it is', () =>
  inTemporaryDirectory(async (directory) => {
    const userData = '#!/bin/sh\r\necho "ü"\n\n';
    const drive = await buildConfigDrive(
      {
        meta_data: '{"hostname": "db-1"}',
        network_data: '{"links": []}',
        vendor_data: null,
        user_data: userData,
      },
      NODE,
    );

    const iso = join(directory, 'drive.iso');
    await writeFile(iso, unpacked(drive));
    assert.equal(
      await fileOf(iso, directory, 'meta_data.json'),
      `{"uuid":"${NODE.nodeUuid}","hostname":"db-1"}`,
    );
    assert.equal(await fileOf(iso, directory, 'network_data.json'), '{"links":[]}');
    assert.equal(await fileOf(iso, directory, 'user_data'), userData);
  }));

test('meta, network and vendor data that are no objects are refused, not left out', async () => {
  for (const key of ['meta_data', 'network_data', 'vendor_data']) {
    for (const value of ['hostname: db-1', '[1]', '"x"', '', [1], 5, true]) {
      const text = `${key} ${JSON.stringify(value)}`;
      const drive = buildConfigDrive({ [key]: value }, NODE);
      await assert.rejects(drive, failsWith('configdrive.invalid'), text);
    }
  }
});

test('a ready-made drive is passed on as it is', async () => {
  const drive = await buildConfigDrive({ meta_data: {} }, NODE);

  assert.equal(await buildConfigDrive(drive, NODE), drive);
});

test('a ready-made drive that is none is refused', async () => {
  const packed = (bytes: Buffer) => gzipSync(bytes).toString('base64');
  for (const drive of [
    'not base64 at all',
    Buffer.from('plain').toString('base64'),
    packed(Buffer.from('no image')),
    packed(Buffer.alloc(100_000)),
    gzipSync(Buffer.alloc(100_000)).subarray(0, 50).toString('base64'),
  ]) {
    await assert.rejects(buildConfigDrive(drive, NODE), failsWith('configdrive.invalid'));
  }
  await assert.rejects(
    buildConfigDrive('https://a.example/drive', NODE),
    failsWith('configdrive.invalid'),
  );
});

test('a drive over the limit is refused, packed or made here', async () => {
  const bomb = gzipSync(Buffer.alloc(65 * MIB)).toString('base64');
  await assert.rejects(buildConfigDrive(bomb, NODE), failsWith('configdrive.too-large'));

  const parts = { user_data: 'x'.repeat(65 * MIB) };
  await assert.rejects(buildConfigDrive(parts, NODE), failsWith('configdrive.too-large'));
});
