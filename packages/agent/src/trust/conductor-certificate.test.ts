import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { isConductor } from './conductor-certificate.ts';

const socket = (authorized: boolean, keyUsage: readonly string[] | undefined) => ({
  authorized,
  getPeerX509Certificate: () =>
    (keyUsage === undefined ? undefined : { keyUsage }) as X509Certificate | undefined,
});

const FOR_CLIENTS = '1.3.6.1.5.5.7.3.2';
const FOR_SERVERS = '1.3.6.1.5.5.7.3.1';

test('a certificate for clients that TLS believes makes a conductor', () => {
  assert.ok(isConductor(socket(true, [FOR_SERVERS, FOR_CLIENTS])));
});

test('without one of both there is none', () => {
  for (const other of [
    socket(false, [FOR_CLIENTS]),
    socket(true, [FOR_SERVERS]),
    socket(true, []),
    socket(true, undefined),
  ]) {
    assert.equal(isConductor(other), false);
  }
});
