import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { test } from 'node:test';

import {
  RESERVED_REGION_BYTES,
  RESERVED_REGION_PATH,
} from '@bessemer/protocol/media/reserved-region';
import { findIsoFile } from '@bessemer/protocol/media/iso9660';

import { bootMediumUrl, createBootMedium, revokeBootMedia } from '#conductor/boot-media';

import { inTemporaryDirectory, makeBaseIso } from './base-iso.ts';
import { type BootScene, withBootListener } from './with-boot-listener.ts';

const NODE = '5f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f10';
const ARCHIVE = randomBytes(9_000);
const HOUR_MS = 3_600_000;

const create = (scene: BootScene, basePath: string, node = NODE): Promise<string> =>
  createBootMedium(scene.store.db, scene, {
    nodeUuid: node,
    sessionId: '0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11',
    bootNumber: 1,
    basePath,
    archive: ARCHIVE,
    expiresMs: scene.time.wallMs + HOUR_MS,
  });

const expectedMedium = async (basePath: string): Promise<Buffer> => {
  const bytes = await readFile(basePath);
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const region = await findIsoFile(read, RESERVED_REGION_PATH);
  ARCHIVE.copy(bytes, region?.offsetBytes);
  return bytes;
};

test('a medium is the base image with the archive in its reserved region, whole and by ranges', () =>
  withBootListener(async (scene) => {
    const base = await makeBaseIso(scene.directory);
    const expected = await expectedMedium(base);
    const url = await create(scene, base);

    const whole = await scene.fetch(url);

    assert.equal(whole.status, 200);
    assert.equal(whole.headers['content-length'], String(expected.length));
    assert.equal(whole.headers['accept-ranges'], 'bytes');
    assert.ok(whole.body.equals(expected));
    const region = expected.indexOf(ARCHIVE);
    for (const [start, end] of [
      [0, 2048],
      [region - 100, region + 100],
      [region + 50, region + 60],
      [region + ARCHIVE.length - 10, region + ARCHIVE.length + 10],
      [expected.length - 5, expected.length],
    ] as const) {
      const part = await scene.fetch(url, { headers: { range: `bytes=${start}-${end - 1}` } });
      assert.equal(part.status, 206);
      assert.equal(part.headers['content-range'], `bytes ${start}-${end - 1}/${expected.length}`);
      assert.ok(part.body.equals(expected.subarray(start, end)), `${start} to ${end}`);
    }
  }));

test('HEAD tells size and tag without content, and the tag saves a second fetch', () =>
  withBootListener(async (scene) => {
    const base = await makeBaseIso(scene.directory);
    const url = await create(scene, base);

    const head = await scene.fetch(url, { method: 'HEAD' });

    const etag = head.headers.etag ?? '';
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.equal(head.headers['content-length'], String((await readFile(base)).length));
    assert.match(etag, /^"[0-9a-f]{64}"$/);
    assert.equal((await scene.fetch(url, { headers: { 'if-none-match': etag } })).status, 304);
    const range = { range: 'bytes=0-9' };
    const same = await scene.fetch(url, { headers: { ...range, 'if-range': etag } });
    const other = await scene.fetch(url, { headers: { ...range, 'if-range': '"other"' } });
    assert.deepEqual([same.status, other.status], [206, 200]);
    const outside = await scene.fetch(url, { headers: { range: 'bytes=999999999-' } });
    assert.equal(outside.status, 416);
    assert.equal(outside.headers['content-range'], `bytes */${head.headers['content-length']}`);
  }));

test('an address that was changed in any part is refused', () =>
  withBootListener(async (scene) => {
    const base = await makeBaseIso(scene.directory);
    const url = await create(scene, base);
    const other = await create(scene, base, '6f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f11');
    const [, , , , id = '', signature = '', expires = ''] = url.split('/');
    const [, , , , otherId = ''] = other.split('/');
    const address = (...parts: string[]) => `${scene.urls.boot}/media/${parts.join('/')}/boot.iso`;
    const later = String(Number(expires) + 1);
    const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);

    const statuses = [];
    for (const changed of [
      address(id, flipped, expires),
      address(id, signature, later),
      address(otherId, signature, expires),
      address(id, '', expires),
      address('00000000-0000-4000-8000-000000000000', signature, expires),
    ]) {
      statuses.push((await scene.fetch(changed)).status);
    }

    assert.deepEqual(statuses, [403, 403, 403, 403, 404]);
    assert.equal((await scene.fetch(url)).status, 200);
  }));

test('T-36: who is not the BMC of the node gets nothing, with the right address too', () =>
  withBootListener(async (scene) => {
    const url = await create(scene, await makeBaseIso(scene.directory));
    scene.fetchers.areAllowed = false;

    const refused = await scene.fetch(url);
    scene.fetchers.areAllowed = true;
    const served = await scene.fetch(url);

    assert.deepEqual([refused.status, served.status], [403, 200]);
  }));

test('an address is gone after its time', () =>
  withBootListener(async (scene) => {
    const url = await create(scene, await makeBaseIso(scene.directory));
    scene.time.wallMs += HOUR_MS;

    assert.equal((await scene.fetch(url)).status, 410);
  }));

test('an address is gone after it was revoked, and nothing sealed is left', () =>
  withBootListener(async (scene) => {
    const url = await create(scene, await makeBaseIso(scene.directory));
    assert.equal(await bootMediumUrl(scene.store.db, scene, NODE), url);

    await revokeBootMedia(scene.store.db, NODE, scene.time.wallMs);

    assert.equal((await scene.fetch(url)).status, 410);
    assert.equal(await bootMediumUrl(scene.store.db, scene, NODE), undefined);
    const rows = await scene.store.db.selectFrom('boot_medium').selectAll().execute();
    assert.deepEqual(
      rows.map((row) => row.overlay_sealed),
      [''],
    );
  }));

test('a base image that was replaced ends its media instead of mixing two', () =>
  withBootListener(async (scene) => {
    const base = await makeBaseIso(scene.directory);
    const url = await create(scene, base);
    await rename(await makeBaseIso(scene.directory, { name: 'newer' }), base);

    assert.equal((await scene.fetch(url)).status, 410);
  }));

test('no text of a request reaches the file system, and no other route is there', () =>
  withBootListener(async (scene) => {
    const url = await create(scene, await makeBaseIso(scene.directory));
    const stem = url.slice(0, -'boot.iso'.length);
    const { boot } = scene.urls;
    for (const bad of [
      `${stem}../../../../etc/passwd`,
      `${stem}..%2f..%2fetc%2fpasswd`,
      `${stem}%2e%2e`,
      `${stem}%00`,
      `${stem}boot.iso%00.txt`,
      `${stem}\\etc\\passwd`,
      `${stem}${'a'.repeat(300)}`,
      `${boot}/media/..%2f..%2fetc/x/1/boot.iso`,
      `${boot}/images/..%2f..%2fetc/x/1/passwd`,
      `${boot}/`,
      `${boot}/v1/nodes`,
      `${boot}//etc/passwd`,
    ]) {
      const { status, body } = await scene.fetch(bad);
      assert.ok([400, 403, 404, 414].includes(status), `${bad}: ${status}`);
      assert.ok(body.length < 100, bad);
    }
    assert.equal((await scene.fetch(url, { method: 'DELETE' })).status, 404);
    assert.equal((await scene.fetch(`${url}?x=${'y'.repeat(100)}`)).status, 200);
  }));

test('addresses are not logged: they are permissions', () =>
  withBootListener(async (scene) => {
    const url = await create(scene, await makeBaseIso(scene.directory));
    const signature = url.split('/')[5] ?? '';

    await scene.fetch(url);
    await scene.fetch(url.replace(/boot\.iso$/, 'other.iso'));

    assert.ok(scene.logged.length > 0);
    assert.ok(!scene.logged.join('').includes(signature));
  }));

test('an image that is no base image is refused when the medium is made', () =>
  withBootListener(async (scene) => {
    const code = (wanted: string) => (error: unknown) =>
      (error as { readonly code?: string }).code === wanted;

    await inTemporaryDirectory(async (directory) => {
      const used = Buffer.alloc(RESERVED_REGION_BYTES);
      used[1000] = 1;
      const dirty = await makeBaseIso(directory, { region: used, name: 'dirty' });
      const small = await makeBaseIso(directory, { region: Buffer.alloc(4096), name: 'small' });
      for (const path of [dirty, small, '/proc/self/status', directory]) {
        await assert.rejects(create(scene, path), code('media.invalid'), path);
      }
      await assert.rejects(create(scene, `${directory}/none.iso`), code('media.missing'));
    });
  }));
