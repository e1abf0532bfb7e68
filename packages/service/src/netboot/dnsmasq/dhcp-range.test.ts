import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseDhcpRange } from './dhcp-range.ts';
import { dnsmasqPlace } from './dnsmasq-place.ts';

test('a range is two addresses, a netmask and for how long', () => {
  const base = { first: '10.0.0.50', last: '10.0.0.99', netmask: '255.255.255.0' };
  const text = '10.0.0.50, 10.0.0.99,255.255.255.0';
  assert.deepEqual(
    [text, `${text},10m`, `${text},600`, `${text},2d`].map(parseDhcpRange),
    [3_600_000, 600_000, 600_000, 172_800_000].map((leaseMs) => ({ ...base, leaseMs })),
  );
});

test('what is no range is refused', () => {
  for (const text of ['', '10.0.0.50', 'a,b,c,forever', 'a,b,c,1h,set:x', 'a,b,c,-5']) {
    assert.throws(() => parseDhcpRange(text), /FIRST,LAST,NETMASK/u, text);
  }
});

test('started by root, dnsmasq has its files where another user may read', () => {
  const own = dnsmasqPlace('/data/a', false);
  const root = dnsmasqPlace('/data/a', true);
  const other = dnsmasqPlace('/data/b', true);
  assert.deepEqual(own, {
    directory: '/data/a/dnsmasq',
    leaseFile: '/data/a/dnsmasq.leases',
    user: null,
  });
  assert.match(root.directory, /^\/run\/bessemer\/dnsmasq-[0-9a-f]{12}$/u);
  assert.notEqual(root.directory, other.directory);
  assert.deepEqual([root.leaseFile, root.user], ['/data/a/dnsmasq.leases', 'dnsmasq']);
});
