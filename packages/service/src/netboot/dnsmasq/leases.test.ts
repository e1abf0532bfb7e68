import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assert as holdsFor, property, string } from 'fast-check';

import { parseLeases } from './leases.ts';

test('a lease is a card, an address and an end', () => {
  const leases = parseLeases(
    '1795252938 52:54:00:00:00:02 10.98.0.54 * *\n0 52:54:00:AA:00:01 10.98.0.53 name 01:52\n',
  );
  assert.deepEqual(leases, [
    { mac: '52:54:00:00:00:02', address: '10.98.0.54', expiresMs: 1_795_252_938_000 },
    { mac: '52:54:00:aa:00:01', address: '10.98.0.53', expiresMs: null },
  ]);
});

test('lines that are no leases are passed over', () => {
  const leases = parseLeases(
    [
      'duid 00:01:00:01',
      '1795252938 3829 fd00::1 * 00:01',
      '1795252938 06-52:54:00:00:00:02 10.98.0.54 * *',
      '1795252938 52:54:00:00:00:02 10.98.0 * *',
      '-5 52:54:00:00:00:02 10.98.0.54 * *',
      '1795252938 52:54:00:00:00:03 10.98.0.55',
      '1795252938 52:54:00:0',
    ].join('\n'),
  );
  assert.deepEqual(leases, [
    { mac: '52:54:00:00:00:03', address: '10.98.0.55', expiresMs: 1_795_252_938_000 },
  ]);
});

test('no text is too strange to be read', () => {
  holdsFor(
    property(string(), (text) => {
      assert.ok(Array.isArray(parseLeases(`${text}\n${text}`)));
    }),
  );
});
