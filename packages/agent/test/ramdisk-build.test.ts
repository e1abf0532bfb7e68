import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  RESERVED_REGION_BYTES,
  RESERVED_REGION_PATH,
} from '@bessemer/protocol/media/reserved-region';
import { cacheDirectory } from '@bessemer/protocol/paths';
import { buildRamdisk } from '../ramdisk/build-ramdisk.ts';
import { writeArchive, type Tree } from '../ramdisk/cpio-archive.ts';
import { checkHost } from '../ramdisk/host-check.ts';

const MIB = 1024 ** 2;
const SECTOR_BYTES = 2048;
/** Offsets in a directory record of ISO 9660: where its name starts, its first sector, its size. */
const RECORD = { name: 33, sector: 2, size: 10 };

/** The agent itself is bundled by the whole-system tests; here the builder is tested. */
const agentEntry = join(import.meta.dirname, '../ramdisk/guest/stub-agent.ts');

const isHostReady = ((): boolean => {
  try {
    checkHost();
    return process.getuid?.() === 0;
  } catch (error) {
    return error === null;
  }
})();
const scratch = await mkdtemp(join(tmpdir(), 'bessemer-ramdisk-'));
after(() => rm(scratch, { recursive: true, force: true }));

test('an archive depends on paths, modes and contents only', async () => {
  const files = ['one', 'two'].map((name) => join(scratch, name));
  for (const file of files) await writeFile(file, 'same content');
  await utimes(files[1] as string, 1, 1);
  const treeOf = (names: readonly string[], source: string): Tree =>
    new Map(names.map((name) => [name, { kind: 'copy', mode: 0o644, source }]));

  writeArchive(treeOf(['b/c', 'a'], files[0] as string), join(scratch, 'first.cpio'));
  writeArchive(treeOf(['a', 'b/c'], files[1] as string), join(scratch, 'second.cpio'));

  const [first, second] = await Promise.all(
    ['first.cpio', 'second.cpio'].map((name) => readFile(join(scratch, name))),
  );
  assert.ok(first?.equals(second as Buffer));
});

test(
  'a ramdisk is reproducible, small, and leaves its reserved region empty',
  { skip: isHostReady ? false : 'needs root and the Debian packages of host-packages.json' },
  async () => {
    const cache = cacheDirectory(process.env);
    const build = (name: string) =>
      buildRamdisk({ directory: join(scratch, name), cache, isForced: false, agentEntry });

    const first = await build('out-one');
    const second = await build('out-two');
    const again = await build('out-two');

    assert.deepEqual(first.manifest, second.manifest);
    assert.equal(again.wasCached, true);
    const { outputs, packages, kernelVersion } = first.manifest;
    const packed =
      (outputs['deploy.kernel']?.sizeBytes ?? 0) + (outputs['deploy.initramfs']?.sizeBytes ?? 0);
    assert.ok(packed > 20 * MIB && packed < 90 * MIB, `${packed} bytes`);
    assert.match(kernelVersion, /-amd64$/u);
    for (const name of ['util-linux', 'nvme-cli', 'hdparm', 'shim-signed', 'busybox-static']) {
      assert.match(packages[name] ?? '', /\d/u);
    }
    const iso = await readFile(join(first.directory, 'deploy.iso'));
    const name = `${RESERVED_REGION_PATH.slice(RESERVED_REGION_PATH.lastIndexOf('/') + 1)};1`;
    const record = iso.indexOf(name, 0, 'latin1') - RECORD.name;
    assert.equal(iso.readUInt32LE(record + RECORD.size), RESERVED_REGION_BYTES);
    const start = iso.readUInt32LE(record + RECORD.sector) * SECTOR_BYTES;
    assert.ok(
      iso
        .subarray(start, start + RESERVED_REGION_BYTES)
        .equals(Buffer.alloc(RESERVED_REGION_BYTES)),
    );
    assert.equal(iso.indexOf('BESSEMER_BOOT', 0, 'latin1') >= 0, true);
  },
);
