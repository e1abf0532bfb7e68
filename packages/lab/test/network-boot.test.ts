// A simulated machine boots over the network as a card with iPXE does: what it asks for, from where, and what it
// refuses.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';

import { bootFromNetwork } from '#fleet/network-boot';

import { makeArchive } from './cpio-writer.ts';

const ADDRESS = '127.0.0.51';
const MAC = '52:54:00:aa:bb:cc';

let directory: string;
let server: Server;
let files: { [path: string]: string | Buffer } = {};
let asked: string[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bessemer-network-boot-'));
  server = createServer((request, response) => {
    asked.push(`${request.socket.remoteAddress} ${request.url}`);
    const content = files[request.url ?? ''];
    response.statusCode = content === undefined ? 404 : 200;
    response.end(content ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  files = {};
  asked = [];
});
after(async () => {
  server.close();
  await rm(directory, { recursive: true, force: true });
});

const base = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const boot = (root: string): Promise<void> =>
  bootFromNetwork({ url: base(), mac: MAC, address: ADDRESS }, join(directory, root));

const ENTRY = '/netboot/boot.ipxe';
const entry = (): string =>
  `#!ipxe\nchain --replace ${base()}/netboot/by-mac/\${netX/mac:hexhyp} || exit\n`;

test('it follows the entry to its own script, and gets archive and kernel line', async () => {
  files = {
    [ENTRY]: entry(),
    '/netboot/by-mac/52-54-00-aa-bb-cc': [
      '#!ipxe',
      `kernel ${base()}/k initrd=initramfs BOOTIF=\${netX/mac} console=ttyS0`,
      `initrd --name initramfs ${base()}/i`,
      `initrd --name config.cpio ${base()}/c`,
      'boot',
      '',
    ].join('\n'),
    '/k': 'kernel',
    '/i': 'ramdisk',
    '/c': makeArchive({ 'etc/hello': 'world' }),
  };

  await boot('good');

  assert.equal(await readFile(join(directory, 'good/etc/hello'), 'utf8'), 'world');
  assert.equal(
    await readFile(join(directory, 'good/proc/cmdline'), 'utf8'),
    `initrd=initramfs BOOTIF=${MAC} console=ttyS0\n`,
  );
  assert.ok(asked.every((line) => line.startsWith(`${ADDRESS} `)));
});

for (const [what, script] of [
  ['is no script', '<html>'],
  ['never boots', '#!ipxe\n'],
  ['has a command that ours never have', '#!ipxe\nshell\n'],
  ['names no archive', '#!ipxe\nboot\n'],
] as const) {
  test(`a script that ${what} boots nothing`, async () => {
    files = { [ENTRY]: script };

    await assert.rejects(boot('bad'), /script/);
  });
}

test('a script that leads to itself, and a network where nothing is, boot nothing', async () => {
  files = { [ENTRY]: `#!ipxe\nchain ${base()}${ENTRY}\n` };
  await assert.rejects(boot('circle'), /circles/);

  files = {};
  await assert.rejects(boot('nothing'), /HTTP 404/);
});
