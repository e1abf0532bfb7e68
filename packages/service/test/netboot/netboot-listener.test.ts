// Boot files over real HTTP: to the machine and boot that they are meant for, and to nobody else.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { makeNetbootListener } from '#api/netboot-listener';
import { systemClock } from '#clock';
import type { BootDenial, BootManifest, Lease } from '#netboot/boot-host';
import { makeLocalBootHost } from '#netboot/local-boot-host';
import { makeOpenBoots, type OpenBoots } from '#netboot/open-boots';
import { makeLog } from '#observe/log';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const OWN = '127.0.0.51';
const OTHER = '127.0.0.66';
const MAC = '52:54:00:00:00:01';
const log = makeLog({ level: 'silent' });

let directory: string;
let denials: BootDenial[] = [];
let leases: Lease[] = [];
let nowMs = NOW_MS;
let boots: OpenBoots;
let app: ReturnType<typeof makeNetbootListener>;
let port: number;
const announced: string[] = [];

const manifest = (change: Partial<BootManifest> = {}): BootManifest => ({
  id: '11111111-2222-4333-8444-555555555555',
  nodeUuid: 'node-1',
  sessionId: 'session-1',
  bootNumber: 3,
  macs: [MAC],
  addresses: [],
  expiresMs: NOW_MS + HOUR_MS,
  kernelArguments: ['console=ttyS0'],
  kernel: { kind: 'file', path: join(directory, 'deploy.kernel') },
  ramdisk: { kind: 'file', path: join(directory, 'deploy.initramfs') },
  archive: Buffer.from('the archive').toString('base64'),
  ...change,
});

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-netboot-'));
  await writeFile(join(directory, 'deploy.kernel'), 'the kernel');
  await writeFile(join(directory, 'deploy.initramfs'), 'the ramdisk');
  await writeFile(join(directory, 'snponly.efi'), 'the loader');
});
after(() => rm(directory, { recursive: true, force: true }));

beforeEach(async (context) => {
  denials = [];
  leases = [{ mac: MAC, address: OWN, expiresMs: null }];
  nowMs = NOW_MS;
  boots = makeOpenBoots({
    key: Buffer.alloc(32, 9),
    url: 'http://127.0.0.1:1',
    clock: { wallMs: () => nowMs },
    leases: async () => leases,
    // The addresses of one host count as one; other sources are told apart by the network they are in.
    sourceCheck: 'network',
    networks: ['127.0.0.51/32'],
    onDenied: (denial) => void denials.push(denial),
  });
  app = makeNetbootListener({
    boots,
    url: 'http://127.0.0.1:1',
    log,
    clock: systemClock,
    efiLoaderPath: join(directory, 'snponly.efi'),
    onBadPath: (source) => void denials.push({ nodeUuid: undefined, source, reason: 'path' }),
  });
  await app.listen({ host: '0.0.0.0', port: 0 });
  ({ port } = app.server.address() as AddressInfo);
  assert.ok('after' in context);
  context.after(() => app.close());
});

const fetch = async (
  path: string,
  source = OWN,
  method = 'GET',
): Promise<{ readonly status: number; readonly text: string }> => {
  const where = { host: '127.0.0.1', port, path, method, localAddress: source, agent: false };
  const sent = request(where);
  sent.end();
  const [response] = await once(sent, 'response');
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return { status: response.statusCode as number, text: Buffer.concat(parts).toString() };
};

const pathOf = (url: string): string => new URL(url).pathname;

/** Paths of the files that the script names. */
const filesOf = async (): Promise<{ readonly [name: string]: string }> => {
  const script = await fetch(pathOf(boots.scriptUrl(manifest())));
  assert.equal(script.status, 200, script.text);
  const urls = script.text.match(/http:\/\/\S+/g) ?? [];
  return Object.fromEntries(urls.map((url) => [url.split('/').at(-1), pathOf(url)]));
};

test('the machine of an open boot gets its script and all that the script names', async () => {
  boots.add(manifest());

  const files = await filesOf();

  assert.equal((await fetch(files['kernel'] ?? '')).text, 'the kernel');
  assert.equal((await fetch(files['initramfs'] ?? '')).text, 'the ramdisk\0');
  assert.equal((await fetch(files['config.cpio'] ?? '')).text, 'the archive');
  assert.equal((await fetch(files['kernel'] ?? '', OWN, 'HEAD')).status, 200);
  assert.deepEqual(denials, []);
});

test('a kernel and a ramdisk that lie elsewhere are named in the script, and not served', async () => {
  const own = manifest();
  boots.add(own);
  const { kernel: signed = '' } = await filesOf();
  boots.add({
    ...own,
    kernel: { kind: 'url', url: 'http://images.example/vmlinuz' },
    ramdisk: { kind: 'url', url: 'http://images.example/initrd.img' },
  });

  const { text } = await fetch(pathOf(boots.scriptUrl(own)));

  assert.match(text, /^kernel http:\/\/images\.example\/vmlinuz initrd=config\.cpio /m);
  assert.match(text, /^initrd --name initramfs http:\/\/images\.example\/initrd\.img$/m);
  assert.equal((await fetch(signed)).status, 404);
});

test('T-32: another source gets nothing, with the right address of the file too', async () => {
  boots.add(manifest());
  const files = await filesOf();

  for (const path of Object.values(files)) assert.equal((await fetch(path, OTHER)).status, 403);

  assert.ok(denials.every(({ reason, source }) => reason === 'source' && source === OTHER));
});

test('T-32: an address that was altered in any part is refused', async () => {
  boots.add(manifest());
  const { kernel = '' } = await filesOf();
  const [, root, id, signature = '', expires] = kernel.split('/');
  const altered = `${signature.slice(0, -2)}AA`;

  for (const [path, status] of [
    [`/${root}/${id}/${altered}/${expires}/kernel`, 403],
    [`/${root}/${id}/${signature}/${Number(expires) + 3_600}/kernel`, 403],
    [`/${root}/${id}/${signature}/${expires}/initramfs`, 403],
    [`/${root}/${id}/${signature}/${expires}/config.cpio`, 403],
    [`/${root}/99999999-2222-4333-8444-555555555555/${signature}/${expires}/kernel`, 404],
  ] as const) {
    assert.equal((await fetch(path)).status, status, path);
  }
});

test('T-32, T-37: a boot that is over, expired or replaced serves nothing', async () => {
  boots.add(manifest());
  const { kernel = '' } = await filesOf();

  nowMs += HOUR_MS;
  assert.equal((await fetch(kernel)).status, 410);
  nowMs = NOW_MS;
  boots.remove('node-1');
  assert.equal((await fetch(kernel)).status, 410);
  boots.add(manifest({ id: '22222222-2222-4333-8444-555555555555', bootNumber: 4 }));
  assert.equal((await fetch(kernel)).status, 410);
});

test('T-31: no text of a request reaches the file system', async () => {
  boots.add(manifest());
  const { kernel = '' } = await filesOf();
  const base = kernel.slice(0, -'kernel'.length);

  for (const name of [
    '../../../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e/%2e%2e/etc/passwd',
    '%252e%252e%252fetc%252fpasswd',
    'kernel%00.ipxe',
    'kernel%0a',
    'kernel/',
    'kernel/../initramfs',
    '..\\..\\etc\\passwd',
    '..%5c..%5cetc%5cpasswd',
    'KERNEL',
    'kernel.',
    'kerne%6c%20',
    '%c0%ae%c0%ae/etc/passwd',
    '\u2025/etc/passwd',
    'deploy.kernel',
    '/etc/passwd',
    '',
  ]) {
    denials.length = 0;
    const { status, text } = await fetch(encodeURI(`${base}${name}`).replaceAll('%25', '%'));

    assert.ok([400, 403, 404].includes(status), `${name}: ${status}`);
    assert.ok(!text.includes('root:'), name);
    assert.ok(!text.includes('the kernel'), name);
    assert.deepEqual(
      denials.map(({ reason }) => reason),
      ['path'],
      name,
    );
  }
});

test('a card that asks by its MAC gets the script of its own open boot, from a right source', async () => {
  boots.add(manifest());

  assert.match((await fetch('/netboot/by-mac/52-54-00-00-00-01')).text, /^#!ipxe\nkernel /);
  assert.equal((await fetch('/netboot/by-mac/52-54-00-00-00-01', OTHER)).status, 404);
  assert.equal((await fetch('/netboot/by-mac/52-54-00-00-00-02')).status, 404);
  assert.equal((await fetch('/netboot/by-mac/nonsense')).status, 404);
  assert.match((await fetch('/netboot/boot.ipxe')).text, /by-mac\/\$\{netX\/mac:hexhyp\}/);
  assert.equal((await fetch('/netboot/snponly.efi')).text, 'the loader');
});

test('with leases, only the address that was leased to a card of the boot is a right source', async () => {
  const strict = makeOpenBoots({
    key: Buffer.alloc(32, 9),
    url: 'http://127.0.0.1:1',
    clock: { wallMs: () => nowMs },
    leases: async () => leases,
    sourceCheck: 'lease',
    networks: [],
    onDenied: () => undefined,
  });
  strict.add(manifest());
  leases = [
    { mac: MAC, address: '10.99.0.51', expiresMs: NOW_MS + 1 },
    { mac: '52:54:00:00:00:02', address: '10.99.0.52', expiresMs: null },
  ];

  assert.notEqual(await strict.scriptFor(MAC, '10.99.0.51'), undefined);
  assert.equal(await strict.scriptFor(MAC, '10.99.0.52'), undefined);
  nowMs += 2;
  assert.equal(await strict.scriptFor(MAC, '10.99.0.51'), undefined);
  strict.add(manifest({ addresses: ['10.99.0.77'] }));
  assert.notEqual(await strict.scriptFor(MAC, '10.99.0.77'), undefined);
});

test('the boot host announces what it serves, and withdraws it', async () => {
  announced.length = 0;
  const host = makeLocalBootHost(boots, {
    announce: async ({ bootId }) => void announced.push(`+${bootId.slice(0, 2)}`),
    withdraw: async (bootId) => void announced.push(`-${bootId.slice(0, 2)}`),
    leases: async () => leases,
    close: async () => {},
  });

  await host.prepare(manifest());
  await host.prepare(manifest());
  await host.prepare(manifest({ id: '22222222-2222-4333-8444-555555555555' }));
  await host.remove('node-1');
  await host.remove('node-1');

  assert.deepEqual(announced, ['+11', '+11', '-11', '+22', '-22']);
  assert.deepEqual(await host.list(), []);
});
