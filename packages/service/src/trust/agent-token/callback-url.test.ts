import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { type CallbackRules, judgeCallback } from './callback-url.ts';

const RULES: CallbackRules = { allowedNetworks: [], isLoopbackAllowed: false, requireTls: true };
const LISTED: CallbackRules = { ...RULES, allowedNetworks: ['10.99.0.0/24', 'fd00:99::/64'] };

const verdict = (url: string, rules = RULES): string => {
  const result = judgeCallback(url, rules);
  return result.isFine ? result.address : result.reason;
};

test('an address that machines can have is taken as it is written', () => {
  for (const [url, address] of [
    ['https://10.99.0.51:9999', '10.99.0.51'],
    ['https://192.0.2.7:65535', '192.0.2.7'],
    ['https://[fd00:99::7]:9999', 'fd00:99::7'],
    ['https://[2001:db8::1]:1024', '2001:db8::1'],
  ] as const) {
    assert.equal(verdict(url), address);
  }
});

const ODD_URLS = [
  '',
  'https://',
  'https://10.0.0.1',
  'https://10.0.0.1:80',
  'https://10.0.0.1:443',
  'https://10.0.0.1:1023',
  'https://10.0.0.1:65536',
  'https://10.0.0.1:99999',
  'https://10.0.0.1:9999/',
  'https://10.0.0.1:9999/v1',
  'https://10.0.0.1:9999?x=1',
  'https://10.0.0.1:9999#x',
  'https://user@10.0.0.1:9999',
  'https://user:pass@10.0.0.1:9999',
  'https://10.0.0.1:9999@127.0.0.1:9999',
  'https://127.0.0.1#@10.0.0.1:9999',
  'https://10.0.0.1\\@127.0.0.1:9999',
  'https://agent.example.org:9999',
  'https://localhost:9999',
  'https://10.0.0.1.nip.io:9999',
  'https://2130706433:9999',
  'https://0x7f000001:9999',
  'https://0x7f.0.0.1:9999',
  'https://0177.0.0.1:9999',
  'https://127.1:9999',
  'https://010.0.0.1:9999',
  'https://10.0.0.256:9999',
  'https://10.0.0.1.:9999',
  'https://10.0.0:9999',
  'https://[10.0.0.1]:9999',
  'https://[fe80::1%25eth0]:9999',
  'https://[fd00::7:9999',
  'https://fd00::7:9999',
  'https://[FD00::7]:9999',
  'https://[::ffff:10.0.0.1]:9999',
  'https://[:::]:9999',
  ' https://10.0.0.1:9999',
  'https://10.0.0.1:9999 ',
  'https://10.0.0.1:9999\n',
  'https://10.0.0.1:9999\r\nHost: x',
  'https://10.0.0.1:+9999',
  'https://10.0.0.1:0x270f',
  'https://10.0.0.1:09999',
  'https://10.0.0.1:009999',
  'https://10.0.0.1:0',
  'https://10.0.0.1:',
  'https://[fd00::7]:09999',
  'https:10.0.0.1:9999',
  'https:/10.0.0.1:9999',
  'HTTPS://10.0.0.1:9999',
  'ftp://10.0.0.1:9999',
  'file:///etc/passwd',
  'unix:///run/x.sock',
  'gopher://10.0.0.1:9999',
  `https://10.0.0.1:9999${' '.repeat(200)}`,
  'https://１０.0.0.1:9999',
  'https://10。0。0。1:9999',
  'https://%31%30.0.0.1:9999',
];

test('an address that is spelt in an odd way is refused', () => {
  for (const url of ODD_URLS) assert.equal(verdict(url), 'syntax', JSON.stringify(url));
});

const LOOPBACK = [
  'https://127.0.0.1:9999',
  'https://127.77.1.2:9999',
  'https://[::1]:9999',
  'https://[0:0:0:0:0:0:0:1]:9999',
];

test('loopback is refused unless it is allowed or listed', () => {
  for (const url of LOOPBACK) assert.equal(verdict(url), 'network', url);
});

const NO_MACHINES = [
  'https://[::ffff:7f00:1]:9999',
  'https://[0:0:0:0:0:ffff:a00:1]:9999',
  'https://[::ffff:a00:1]:9999',
  'https://[::ffff:0:a00:1]:9999',
  'https://[::2]:9999',
  'https://[::a00:1]:9999',
  'https://[::ffff:a9fe:a9fe]:9999',
  'https://[::7f00:1]:9999',
  'https://[64:ff9b::7f00:1]:9999',
  'https://[64:ff9b::a9fe:a9fe]:9999',
  'https://[2002:7f00:1::]:9999',
  'https://[64:ff9b:1::a00:1]:9999',
  'https://[64:ff9b:1:ffff::1]:9999',
  'https://[2002::]:9999',
  'https://[2002:ffff::1]:9999',
  'https://[2001:0:7f00:1::]:9999',
  'https://[2001::1]:9999',
  'https://[fec0::1]:9999',
  'https://[feff::1]:9999',
  'https://[febf::1]:9999',
  'https://[100::1]:9999',
  'https://0.0.0.0:9999',
  'https://0.1.2.3:9999',
  'https://240.0.0.1:9999',
  'https://[::]:9999',
  'https://169.254.169.254:9999',
  'https://[fe80::1]:9999',
  'https://224.0.0.1:9999',
  'https://255.255.255.255:9999',
  'https://[ff02::1]:9999',
];

test('places that are no machines are refused, whatever is listed', () => {
  const everything = { ...RULES, allowedNetworks: ['0.0.0.0/0', '::/0'] };
  for (const url of NO_MACHINES) {
    assert.equal(verdict(url), 'network', url);
    assert.equal(verdict(url, everything), 'network', url);
  }
});

test('with a list, only what is listed is taken', () => {
  assert.equal(verdict('https://10.99.0.51:9999', LISTED), '10.99.0.51');
  assert.equal(verdict('https://[fd00:99::7]:9999', LISTED), 'fd00:99::7');
  assert.equal(verdict('https://10.99.1.51:9999', LISTED), 'network');
  assert.equal(verdict('https://[fd00:98::7]:9999', LISTED), 'network');
});

test('loopback is taken where the listener itself is on loopback, or where it is listed', () => {
  const url = 'https://127.77.1.2:9999';

  assert.equal(verdict(url, { ...LISTED, isLoopbackAllowed: true }), '127.77.1.2');
  assert.equal(verdict(url, { ...RULES, allowedNetworks: ['127.77.0.0/16'] }), '127.77.1.2');
});

test('plain HTTP is taken only where TLS is not required', () => {
  const url = 'http://10.0.0.1:9999';

  assert.equal(verdict(url), 'tls');
  assert.equal(verdict(url, { ...RULES, requireTls: false }), '10.0.0.1');
});

test('whatever text is sent, what is taken is the host of that address', () => {
  const anyUrl = fc.oneof(
    fc.webUrl(),
    fc.string(),
    fc.ipV4().map((ip) => `https://${ip}:9999`),
  );
  fc.assert(
    fc.property(anyUrl, (url) => {
      const result = judgeCallback(url, RULES);

      if (result.isFine) assert.equal(new URL(url).hostname, result.address);
    }),
  );
});
