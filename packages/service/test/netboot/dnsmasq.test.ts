// Against the real dnsmasq, which decides what our configuration means. T-31, T-32, T-37.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { startDnsmasqAnnouncer } from '#netboot/dnsmasq/announcer';
import type { BootAnnouncer } from '#netboot/local-boot-host';

import type { CardKind, Offer } from './dnsmasq-dhcp-client.ts';
import { CANNOT, makeTestNetwork, SERVER, type TestNetwork } from './dnsmasq-network.ts';

const MAC = '52:54:00:98:00:01';
const OTHER_MAC = '52:54:00:98:00:02';
const STRANGER = '52:54:00:98:00:99';
const BOOT = '0e0e0e0e-0000-4000-8000-000000000001';
const LATER_BOOT = '0e0e0e0e-0000-4000-8000-000000000002';
const LOADER_URL = `http://${SERVER}:6388/netboot/snponly.efi`;

/** As long as real ones are: longer than the field of BOOTP. */
const scriptUrl = (bootId: string): string =>
  `http://${SERVER}:6388/netboot/${bootId}/${'S'.repeat(43)}/20261121T030000Z/boot.ipxe`;

const TRIES_MAX = 5;

/** dnsmasq hears of a file a moment after it is written. */
const askUntil = async (
  network: TestNetwork,
  card: { readonly mac: string; readonly kind: CardKind },
  bootFile: string,
): Promise<Offer | null> => {
  let offer: Offer | null = null;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    offer = await network.ask(card.mac, card.kind);
    if (offer?.bootFile === bootFile) break;
  }
  return offer;
};

const withDnsmasq = async (
  more: Partial<TestNetwork['parts']>,
  work: (announcer: BootAnnouncer, network: TestNetwork) => Promise<void>,
): Promise<void> => {
  const network = await makeTestNetwork();
  try {
    const announcer = await startDnsmasqAnnouncer({ ...network.parts, ...more });
    try {
      await work(announcer, network);
    } finally {
      await announcer.close();
    }
  } finally {
    await network.remove();
  }
};

test(
  'a machine with an open boot gets the loader that fits, then its script',
  { skip: CANNOT },
  () =>
    withDnsmasq({}, async (announcer, network) => {
      await announcer.announce({
        bootId: BOOT,
        macs: [MAC, OTHER_MAC],
        scriptUrl: scriptUrl(BOOT),
      });
      await askUntil(network, { mac: OTHER_MAC, kind: 'bios' }, 'undionly.kpxe');
      const kinds = ['bios', 'efi64', 'efi-http', 'ipxe', 'efi-arm64', 'system'] as const;
      const offers = new Map<string, Offer | null>();
      for (const kind of kinds) offers.set(kind, await network.ask(MAC, kind));
      const other = await network.ask(OTHER_MAC, 'ipxe');
      const stranger = await network.ask(STRANGER, 'bios');
      const strangersIpxe = await network.ask(STRANGER, 'ipxe');
      const leases = await announcer.leases();

      assert.deepEqual(
        kinds.map((kind) => [kind, offers.get(kind)?.bootFile]),
        [
          ['bios', 'undionly.kpxe'],
          ['efi64', 'snponly.efi'],
          ['efi-http', LOADER_URL],
          ['ipxe', scriptUrl(BOOT)],
          ['efi-arm64', ''],
          ['system', ''],
        ],
      );
      assert.equal(offers.get('efi-http')?.vendorClass, 'HTTPClient');
      assert.equal(offers.get('bios')?.nextServer, SERVER);
      // No router and no name server of ours that do not exist.
      assert.deepEqual(
        offers.get('bios')?.options.filter((code) => code === 3 || code === 6),
        [],
      );
      assert.equal(other?.bootFile, scriptUrl(BOOT));
      assert.match(stranger?.address ?? '', /^10\.98\.0\./u);
      assert.deepEqual([stranger?.bootFile, strangersIpxe?.bootFile], ['', '']);
      // One machine keeps one address from firmware to system.
      assert.equal(new Set([...offers.values()].map((offer) => offer?.address)).size, 1);
      assert.deepEqual(leases.map(({ mac }) => mac).sort(), [MAC, OTHER_MAC, STRANGER]);
      assert.equal(leases.find(({ mac }) => mac === MAC)?.address, offers.get('bios')?.address);
    }),
);

test(
  'a boot that is over leads nowhere, and the next one to its own script',
  { skip: CANNOT },
  () =>
    withDnsmasq({}, async (announcer, network) => {
      const firmware = { mac: MAC, kind: 'bios' } as const;
      const ipxe = { mac: MAC, kind: 'ipxe' } as const;
      await announcer.announce({ bootId: BOOT, macs: [MAC], scriptUrl: scriptUrl(BOOT) });
      const before = await askUntil(network, ipxe, scriptUrl(BOOT));

      await announcer.withdraw(BOOT);
      await announcer.withdraw(BOOT);
      const after = await askUntil(network, ipxe, '');
      const firmwareAfter = await network.ask(MAC, 'bios');

      await announcer.announce({
        bootId: LATER_BOOT,
        macs: [MAC],
        scriptUrl: scriptUrl(LATER_BOOT),
      });
      await announcer.withdraw(BOOT);
      const later = await askUntil(network, ipxe, scriptUrl(LATER_BOOT));
      const firmwareLater = await askUntil(network, firmware, 'undionly.kpxe');

      assert.equal(before?.bootFile, scriptUrl(BOOT));
      assert.deepEqual([after?.bootFile, firmwareAfter?.bootFile], ['', '']);
      assert.equal(later?.bootFile, scriptUrl(LATER_BOOT));
      assert.equal(firmwareLater?.bootFile, 'undionly.kpxe');
    }),
);

test('TFTP has the loaders and nothing else', { skip: CANNOT }, () =>
  withDnsmasq({}, async (announcer, network) => {
    await announcer.announce({ bootId: BOOT, macs: [MAC], scriptUrl: scriptUrl(BOOT) });
    assert.equal(await network.fetch('undionly.kpxe'), 'data 512');
    assert.equal(await network.fetch('snponly.efi'), 'data 512');
    const owned = join(network.parts.directory, 'options', BOOT);
    for (const name of [
      '../dnsmasq.conf',
      '../dnsmasq.pid',
      `../options/${BOOT}`,
      owned,
      `./${'../'.repeat(12)}${owned.slice(1)}`,
      '..\\dnsmasq.conf',
      '%2e%2e/dnsmasq.conf',
      'ipxe.iso',
      '/etc/passwd',
      '',
    ]) {
      assert.match((await network.fetch(name)) ?? 'nothing', /^(error|nothing)/u, name);
    }
  }),
);

test('strangers get no answer where they are not to be served', { skip: CANNOT }, () =>
  withDnsmasq({ servesUnknown: false }, async (announcer, network) => {
    await announcer.announce({ bootId: BOOT, macs: [MAC], scriptUrl: scriptUrl(BOOT) });
    const known = await askUntil(network, { mac: MAC, kind: 'bios' }, 'undionly.kpxe');
    assert.equal(known?.bootFile, 'undionly.kpxe');
    assert.equal(await network.ask(STRANGER, 'bios'), null);
  }),
);

const pidOf = async (network: TestNetwork): Promise<number> =>
  Number(await readFile(join(network.parts.directory, 'dnsmasq.pid'), 'utf8'));

test('dnsmasq that dies comes back and knows the open boots', { skip: CANNOT }, () =>
  withDnsmasq({}, async (announcer, network) => {
    await announcer.announce({ bootId: BOOT, macs: [MAC], scriptUrl: scriptUrl(BOOT) });
    process.kill(await pidOf(network), 'SIGKILL');
    const offer = await askUntil(network, { mac: MAC, kind: 'ipxe' }, scriptUrl(BOOT));
    assert.equal(offer?.bootFile, scriptUrl(BOOT));
  }),
);

test(
  'what a killed service left is ended, and its boots are forgotten',
  { skip: CANNOT },
  async () => {
    const network = await makeTestNetwork();
    try {
      const first = await startDnsmasqAnnouncer(network.parts);
      await first.close();
      const { directory } = network.parts;
      // As a killed service leaves it.
      const host = join(directory, 'hosts', 'card');
      const option = join(directory, 'options', BOOT);
      await writeFile(host, `${MAC},set:open,set:boot-${BOOT}\n`);
      await writeFile(option, `tag:boot-${BOOT},tag:ipxe,67,${scriptUrl(BOOT)}\n`);
      await Promise.all([host, option].map((path) => chmod(path, 0o644)));
      const configPath = join(network.parts.directory, 'dnsmasq.conf');
      const [program = '', ...before] = network.parts.command ?? [];
      const args = [...before, `--conf-file=${configPath}`, '--keep-in-foreground'];
      const leftOver = spawn(program, [...args, '--log-facility=-'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await once(leftOver.stderr, 'data');
      const believed = await network.ask(MAC, 'ipxe');
      const exited = once(leftOver, 'exit');

      const second = await startDnsmasqAnnouncer(network.parts);
      await exited;
      const offer = await network.ask(MAC, 'ipxe');
      await second.close();

      assert.equal(believed?.bootFile, scriptUrl(BOOT));
      assert.equal(offer?.bootFile, '');
    } finally {
      await network.remove();
    }
  },
);

test('a pid file that names another process ends nothing', { skip: CANNOT }, async () => {
  const network = await makeTestNetwork();
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    const first = await startDnsmasqAnnouncer(network.parts);
    await first.close();
    await writeFile(join(network.parts.directory, 'dnsmasq.pid'), `${bystander.pid}\n`);
    const second = await startDnsmasqAnnouncer(network.parts);
    await second.close();
    assert.deepEqual([bystander.exitCode, bystander.signalCode], [null, null]);
  } finally {
    bystander.kill();
    await network.remove();
  }
});

test('a start that cannot work says what is missing', { skip: CANNOT }, async () => {
  const network = await makeTestNetwork();
  const { parts, prefix } = network;
  try {
    const reasonOf = async (more: Partial<typeof parts>): Promise<string> => {
      try {
        await (await startDnsmasqAnnouncer({ ...parts, ...more })).close();
        return 'it started';
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    };
    const without = ['setpriv', '--bounding-set=-net_admin,-net_raw', '--', 'dnsmasq'];
    assert.match(await reasonOf({ command: ['/nowhere/dnsmasq'] }), /Debian package dnsmasq-base/u);
    assert.match(await reasonOf({ interface: 'nosuch0' }), /unknown interface nosuch0/u);
    assert.match(await reasonOf({ loaderDirectory: '/nowhere' }), /Debian package ipxe/u);
    assert.match(await reasonOf({ user: 'nobody-of-that-name' }), /no user/u);
    assert.match(await reasonOf({ command: [...prefix, ...without] }), /capabilities NET_ADMIN/u);
    // Nothing of a boot is readable for others.
    assert.equal((await stat(join(parts.directory, 'options'))).mode & 0o077, 0);
  } finally {
    await network.remove();
  }
});
