// A separate boot host: what is pushed to it is served, kept over a restart, and gone at its end; nobody but the
// control plane tells it anything.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { Failure } from '@bessemer/protocol/errors/failure';

import { systemClock } from '#clock';
import type { BootManifest } from '#netboot/boot-host';
import { openAuthority } from '#trust/certificate/authority';
import {
  issueAgentCertificate,
  issueConductorCertificate,
  issueServerCertificate,
} from '#trust/certificate/issue-certificate';

import { type HostScene, openBootHost } from './with-boot-host.ts';

const NODE = '5f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f10';
const HOUR_MS = 3_600_000;
const KERNEL = randomBytes(300_000);
const RAMDISK = randomBytes(700_000);
const ARCHIVE = randomBytes(5_000);

let directory: string;
let time: { wallMs: number };
let scene: HostScene;

const manifest = (change: Partial<BootManifest> = {}): BootManifest => ({
  id: '11111111-2222-4333-8444-555555555555',
  nodeUuid: NODE,
  sessionId: '0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11',
  bootNumber: 3,
  macs: ['52:54:00:00:00:01'],
  addresses: ['10.0.0.50'],
  expiresMs: time.wallMs + HOUR_MS,
  kernelArguments: ['ipa-api-url=https://10.0.0.1:6386', 'console=ttyS0'],
  kernel: { kind: 'file', path: join(directory, 'kernel') },
  ramdisk: { kind: 'file', path: join(directory, 'initramfs') },
  archive: ARCHIVE.toString('base64'),
  ...change,
});

/** Fetches what a signed address leads to, from where the host really listens. */
const fetchFile = async (url: string): Promise<{ status: number; body: Buffer }> => {
  const { pathname } = new URL(url);
  const answer = await fetch(`http://127.0.0.1:${scene.httpPort}${pathname}`);
  return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
};

const scriptUrl = (): string => {
  const [boot] = scene.boots.list();
  assert.ok(boot);
  return scene.boots.scriptUrl(boot);
};

const urlsIn = (script: Buffer): readonly string[] =>
  [...script.toString().matchAll(/http:\/\/\S+/g)].map(([url]) => url);

const failsWith = (code: string) => (error: unknown) =>
  error instanceof Failure && error.code === code;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-boot-host-'));
  time = { wallMs: systemClock.wallMs() };
  await writeFile(join(directory, 'kernel'), KERNEL);
  await writeFile(join(directory, 'initramfs'), RAMDISK);
  scene = await openBootHost(directory, time);
});
afterEach(async () => {
  await scene.close();
  await rm(directory, { recursive: true, force: true });
});

test('what is pushed is served: script, kernel, ramdisk and the configuration of this boot', async () => {
  await scene.client.prepare(manifest());

  const script = await fetchFile(scriptUrl());
  const [kernel = '', ramdisk = '', archive = ''] = urlsIn(script.body);

  assert.equal(script.status, 200);
  assert.match(script.body.toString(), /^#!ipxe\n/);
  assert.ok((await fetchFile(kernel)).body.equals(KERNEL));
  assert.ok((await fetchFile(ramdisk)).body.subarray(0, RAMDISK.length).equals(RAMDISK));
  assert.ok((await fetchFile(archive)).body.equals(ARCHIVE));
  assert.deepEqual(await scene.client.list(), [{ nodeUuid: NODE, id: manifest().id }]);
});

test('kernel and ramdisk are sent once, by what is in them', async () => {
  await scene.client.prepare(manifest());
  const before = await readdir(scene.files);
  await scene.client.prepare(manifest({ id: '22222222-2222-4333-8444-555555555555' }));
  await writeFile(join(directory, 'kernel'), 'another kernel');

  await scene.client.prepare(manifest({ id: '33333333-2222-4333-8444-555555555555' }));

  assert.equal(before.length, 2);
  assert.equal((await readdir(scene.files)).length, 3);
});

test('files of a server of the site are named and not sent', async () => {
  const url = 'http://images.example/vmlinuz';

  await scene.client.prepare(manifest({ kernel: { kind: 'url', url } }));

  const [kernel] = urlsIn((await fetchFile(scriptUrl())).body);
  assert.equal(kernel, url);
  assert.equal((await readdir(scene.files)).length, 1);
});

test('T-32: what the host refuses is told to the control plane, once', async () => {
  await scene.client.prepare(manifest());
  const altered = scriptUrl().replace(/\/[^/]{43}\//, `/${'A'.repeat(43)}/`);

  assert.equal((await fetchFile(altered)).status, 403);

  assert.deepEqual(await scene.client.denials?.(), [
    { nodeUuid: NODE, source: '127.0.0.1', reason: 'signature' },
  ]);
  assert.deepEqual(await scene.client.denials?.(), []);
});

test('a boot that is ended is gone at once, from the disk too', async () => {
  await scene.client.prepare(manifest());
  const url = scriptUrl();

  await scene.client.remove(NODE);
  await scene.client.remove(NODE);

  assert.equal((await fetchFile(url)).status, 410);
  assert.deepEqual(await readdir(scene.kept), []);
  assert.deepEqual(await scene.client.list(), []);
});

test('a restart keeps the boots that are open, with the same addresses', async () => {
  await scene.client.prepare(manifest());
  const url = scriptUrl();
  await scene.close();

  scene = await openBootHost(directory, time);

  assert.equal((await fetchFile(url)).status, 200);
  assert.equal((await scene.client.list()).length, 1);
});

test('T-37: a boot that ended while the host was down is gone after its restart', async () => {
  await scene.client.prepare(manifest());
  const url = scriptUrl();
  await scene.close();
  time.wallMs += 2 * HOUR_MS;

  scene = await openBootHost(directory, time);

  assert.equal((await fetchFile(url)).status, 404);
  assert.deepEqual(await readdir(scene.kept), []);
});

test('after its time nothing of a boot is served, whoever forgot to end it', async () => {
  await scene.client.prepare(manifest());
  const url = scriptUrl();

  time.wallMs += 2 * HOUR_MS;

  assert.equal((await fetchFile(url)).status, 410);
});

test('only a conductor of the authority is obeyed', async () => {
  const nowMs = systemClock.wallMs();
  const stranger = await openAuthority(join(directory, 'other-ca'), nowMs);
  const named = { hostname: 'test', nowMs };
  const agent = { commonName: 'conductor test', addresses: ['127.0.0.1'], nowMs };
  const foreign = [
    await issueConductorCertificate(stranger, named),
    await issueAgentCertificate(scene.authority, agent),
    await issueServerCertificate(scene.authority, { hosts: ['127.0.0.1'], nowMs }),
  ];

  for (const issued of foreign) {
    const client = scene.clientWith(issued);
    await assert.rejects(client.prepare(manifest()), failsWith('boot.host-unreachable'));
    await assert.rejects(client.remove(NODE), failsWith('boot.host-unreachable'));
  }
  assert.deepEqual(scene.boots.list(), []);
});

test('a host that is not a boot host of the authority is told nothing', async () => {
  await scene.close();
  const nowMs = systemClock.wallMs();
  const agent = { commonName: 'node 1', addresses: ['127.0.0.1'], nowMs };
  scene = await openBootHost(directory, time, {
    certificate: (authority) => issueAgentCertificate(authority, agent),
  });

  await assert.rejects(scene.client.prepare(manifest()), failsWith('boot.host-unreachable'));
  assert.deepEqual(scene.boots.list(), []);
});

test('content that is not what its name says is not kept', async () => {
  const sha256 = '0'.repeat(64);

  const put = scene.keeper.files.put(
    sha256,
    (async function* () {
      yield KERNEL;
    })(),
  );

  await assert.rejects(put, /SHA-256/);
  assert.deepEqual(await readdir(scene.files), []);
});

test('T-34: kernel arguments that are no words are refused by the host too', async () => {
  const prepared = scene.client.prepare(manifest({ kernelArguments: ['console=ttyS0\nshell'] }));

  await assert.rejects(prepared, failsWith('boot.host-refused'));
  assert.deepEqual(scene.boots.list(), []);
});

test('what is on the disk of the host is for its user alone', async () => {
  await scene.client.prepare(manifest());
  const [name = ''] = await readdir(scene.kept);

  const { mode } = await stat(join(scene.kept, name));

  assert.equal(mode & 0o077, 0);
});
