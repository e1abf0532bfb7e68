// The first start makes keys. Whenever it is cut off, the next one must find either whole keys or none.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { openAuthority } from '#trust/certificate/authority';
import { openKeyRing } from '#trust/key-ring';

const run = promisify(execFile);

const NOW_MS = 1_800_000_000_000;
const SERVICE = fileURLToPath(new URL('../../', import.meta.url));

const inDirectory = async (work: (directory: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-first-start-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/** Runs `code` in a process that the kernel ends when it writes into any file beyond `bytes`. */
const cutOffAfter = async (bytes: number, code: string): Promise<void> => {
  const command = [`--fsize=${bytes}`, process.execPath, '--input-type=module', '--eval', code];
  await assert.rejects(run('prlimit', command, { cwd: SERVICE }));
};

const openRing = (directory: string): string =>
  `import { openKeyRing } from '#trust/key-ring'; await openKeyRing(${JSON.stringify(directory)});`;
const openCa = (directory: string): string =>
  `import { openAuthority } from '#trust/certificate/authority';
   await openAuthority(${JSON.stringify(directory)}, ${NOW_MS});`;

test('a start that was cut off while it wrote its first key does not stop the next one', () =>
  inDirectory(async (directory) => {
    await cutOffAfter(0, openRing(directory));

    const ring = await openKeyRing(directory);

    const sealed = ring.seal(Buffer.from('value'), 'context');
    const again = await openKeyRing(directory);
    assert.equal(again.open(sealed, 'context').toString(), 'value');
    assert.deepEqual((await readdir(directory)).sort(), ['kek-0001', 'root']);
    assert.equal((await stat(join(directory, 'kek-0001'))).mode & 0o777, 0o400);
  }));

test('a start that was cut off while it made its authority does not stop the next one', () =>
  inDirectory(async (directory) => {
    await cutOffAfter(10, openCa(directory));
    assert.ok(!(await readdir(directory)).includes('ca.key'));
    // Enough for the key, too little for the certificate.
    await cutOffAfter(400, openCa(directory));
    assert.ok((await readdir(directory)).includes('ca.key'));
    const key = await readFile(join(directory, 'ca.key'), 'utf8');

    const authority = await openAuthority(directory, NOW_MS);

    assert.equal(authority.keyPem.reveal(), key);
    assert.ok(new X509Certificate(authority.certificatePem).ca);
    assert.deepEqual((await readdir(directory)).sort(), ['ca.crt', 'ca.key']);
    assert.equal((await stat(join(directory, 'ca.key'))).mode & 0o777, 0o400);
  }));

test('processes that start together for the first time end up with one key', () =>
  inDirectory(async (directory) => {
    const rings = await Promise.all(Array.from({ length: 8 }, () => openKeyRing(directory)));

    const [first] = rings.map((ring) => ring.deriveKey('a').toString('hex'));
    for (const ring of rings) assert.equal(ring.deriveKey('a').toString('hex'), first);
    assert.deepEqual((await readdir(directory)).sort(), ['kek-0001', 'root']);
  }));

test('a key that was damaged later is named, never replaced', () =>
  inDirectory(async (directory) => {
    await openKeyRing(directory);
    await truncate(join(directory, 'kek-0001'), 0);

    await assert.rejects(openKeyRing(directory), /kek-0001 is not a key of 32 bytes/);
    assert.equal((await stat(join(directory, 'kek-0001'))).size, 0);
  }));

test('a certificate of the authority without its key is no authority', () =>
  inDirectory(async (directory) => {
    await openAuthority(directory, NOW_MS);
    await rm(join(directory, 'ca.key'));

    await assert.rejects(openAuthority(directory, NOW_MS), /are no pair/);

    await writeFile(join(directory, 'ca.crt'), '', { mode: 0o400, flag: 'w' });
    await assert.rejects(openAuthority(directory, NOW_MS), /are no pair/);
  }));
