import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeNetworkCheck, plainSource, sourceKey } from './source-key.ts';

test('all addresses of one IPv6 network are one sender, however they are written', () => {
  for (const address of ['2001:db8:0:5::1', '2001:0db8::5:0:0:0:2', '2001:db8:0:5:ffff::']) {
    assert.equal(sourceKey(address), '2001:db8:0:5', address);
  }
  assert.equal(sourceKey('::1'), '0:0:0:0');
  assert.notEqual(sourceKey('2001:db8:0:6::1'), '2001:db8:0:5');
});

test('IPv4 addresses are one sender each, mapped or not', () => {
  assert.equal(sourceKey('192.0.2.1'), '192.0.2.1');
  assert.equal(sourceKey('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(plainSource('::FFFF:192.0.2.1'), '192.0.2.1');
  assert.equal(sourceKey('no address'), 'no address');
});

test('an address is in a network, or not, in both forms', () => {
  const isIn = makeNetworkCheck(['192.0.2.0/24', '2001:db8::/32', '198.51.100.7']);

  for (const address of ['192.0.2.9', '::ffff:192.0.2.9', '2001:db8::9', '198.51.100.7']) {
    assert.ok(isIn(address), address);
  }
  for (const address of ['192.0.3.9', '::ffff:192.0.3.9', '2001:db9::9', '198.51.100.8', 'zzz']) {
    assert.ok(!isIn(address), address);
  }
});
