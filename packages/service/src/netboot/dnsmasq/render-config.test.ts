import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assert as holdsFor, constantFrom, property, string } from 'fast-check';

import { bootTag, type DnsmasqConfig, renderDnsmasqConfig } from './render-config.ts';

const CONFIG: DnsmasqConfig = {
  interface: 'prov0',
  range: { first: '10.0.0.50', last: '10.0.0.99', netmask: '255.255.255.0', leaseMs: 600_000 },
  router: null,
  dnsServers: [],
  servesUnknown: true,
  httpLoaderUrl: null,
  user: null,
  tftpDirectory: '/run/boot/tftp',
  hostsDirectory: '/run/boot/hosts',
  optionsDirectory: '/run/boot/options',
  leaseFile: '/run/boot/leases',
  pidFile: '/run/boot/pid',
};

const linesOf = (more: Partial<DnsmasqConfig> = {}): readonly string[] =>
  renderDnsmasqConfig({ ...CONFIG, ...more }).split('\n');

test('DHCP and TFTP are served on one interface, and DNS not at all', () => {
  const lines = linesOf();
  assert.deepEqual(
    lines.filter((line) => /^(port|interface|bind-interfaces|enable-tftp|user)/u.test(line)),
    ['port=0', 'interface=prov0', 'bind-interfaces', 'enable-tftp=prov0'],
  );
  assert.ok(lines.includes('dhcp-range=10.0.0.50,10.0.0.99,255.255.255.0,600'));
  assert.ok(lines.includes('dhcp-lease-max=50'));
});

test('a router and name servers are told only when they are known', () => {
  const without = linesOf();
  const given = linesOf({ router: '10.0.0.1', dnsServers: ['10.0.0.2', '10.0.0.3'] });
  assert.deepEqual(
    [without, given].map((lines) => lines.filter((line) => line.startsWith('dhcp-option='))),
    [
      ['dhcp-option=3', 'dhcp-option=6'],
      ['dhcp-option=3,10.0.0.1', 'dhcp-option=6,10.0.0.2,10.0.0.3'],
    ],
  );
});

test('each boot file needs an open boot', () => {
  const lines = linesOf({ httpLoaderUrl: 'http://10.0.0.1:6388/netboot/snponly.efi' });
  const boots = lines.filter((line) => line.startsWith('dhcp-boot='));
  assert.equal(boots.length, 3);
  assert.ok(boots.every((line) => line.startsWith('dhcp-boot=tag:loader,')));
  assert.ok(lines.includes('tag-if=set:loader,tag:open,tag:!ipxe'));
});

test('strangers are ignored where they are not to be served', () => {
  assert.ok(linesOf({ servesUnknown: false }).includes('dhcp-ignore=tag:!open'));
  assert.ok(!linesOf().some((line) => line.startsWith('dhcp-ignore=')));
});

test('ranges that are none are refused', () => {
  const { range } = CONFIG;
  for (const wrong of [
    { ...range, first: '10.0.0.100' },
    { ...range, last: '10.0.1.99' },
    { ...range, netmask: '255.0.255.0' },
    { ...range, netmask: '0.0.0.0' },
    { ...range, first: '10.0.0' },
    { ...range, leaseMs: 1_000 },
    { ...range, leaseMs: Number.NaN },
  ]) {
    assert.throws(() => linesOf({ range: wrong }), /network boot: /u, JSON.stringify(wrong));
  }
});

test('no value adds a line or an argument of its own', () => {
  const keys = ['interface', 'router', 'httpLoaderUrl', 'user', 'hostsDirectory', 'leaseFile'];
  const piece = constantFrom('\n', '\r', ',', '"', '#', '\0', ' ', '\\', '..', '*', '=', '\u2028');
  holdsFor(
    property(constantFrom(...keys), string(), piece, string(), (key, a, b, c) => {
      const text = `/${a}/${b}/${c}`;
      assert.throws(() => linesOf({ [key]: text }), /network boot: /u);
    }),
  );
  assert.throws(() => linesOf({ dnsServers: ['10.0.0.1,tag:x'] }), /network boot: /u);
  assert.throws(() => linesOf({ interface: 'eth*' }), /network boot: /u);
  assert.throws(() => linesOf({ tftpDirectory: '/run/../etc' }), /network boot: /u);
  assert.throws(() => bootTag('a,set:b'), /network boot: /u);
});
