import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Inventory } from '@bessemer/protocol/agent/inventory';

import { identityMismatch } from './identity-match.ts';

const inventory = (macs: readonly string[], serial: string, systemUuid?: string) =>
  ({
    interfaces: macs.map((mac) => ({ mac_address: mac })),
    system_vendor: { serial_number: serial },
    system_uuid: systemUuid,
  }) as unknown as Inventory;

const KNOWN = { macs: ['52:54:00:00:00:01'], foreign: [], serials: ['ABC123'], systemUuids: [] };

test('a machine with every port and the known serial number is the one of the node', () => {
  const seen = inventory(['52:54:00:00:00:02', '52:54:00:00:00:01'], 'ABC123');

  assert.equal(identityMismatch(seen, KNOWN), undefined);
});

test('letters of MACs and blanks around serial numbers make no difference', () => {
  const seen = inventory(['52:54:00:00:00:AB'], ' abc123 ');

  assert.equal(identityMismatch(seen, { ...KNOWN, macs: ['52:54:00:00:00:ab'] }), undefined);
});

test('a machine that lacks the card of a port is another one', () => {
  const seen = inventory(['52:54:00:00:00:02'], 'ABC123');

  assert.match(identityMismatch(seen, KNOWN) ?? '', /no card with the MAC 52:54:00:00:00:01/);
});

test('a machine with a card of another node is that node, even when it has the own ones too', () => {
  const seen = inventory(['52:54:00:00:00:01', '52:54:00:00:00:09'], 'ABC123');
  const foreign = [{ address: '52:54:00:00:00:09', nodeUuid: 'other' }];

  assert.match(identityMismatch(seen, { ...KNOWN, foreign }) ?? '', /port of node other/);
});

test('another serial number is another machine', () => {
  const seen = inventory(['52:54:00:00:00:01'], 'XYZ999');

  assert.match(identityMismatch(seen, KNOWN) ?? '', /serial number is not abc123/);
});

test('either of the serial numbers that are known will do: a BMC may name the board', () => {
  const seen = inventory(['52:54:00:00:00:01'], 'BOARD-7');

  assert.equal(identityMismatch(seen, { ...KNOWN, serials: ['ABC123', 'BOARD-7'] }), undefined);
});

test('what vendors write where they wrote nothing proves nothing, on either side', () => {
  for (const blank of ['', 'To be filled by O.E.M.', 'Not Specified', 'Default string', '0']) {
    const seen = inventory(['52:54:00:00:00:01'], blank);
    assert.equal(identityMismatch(seen, KNOWN), undefined);
    const named = inventory(['52:54:00:00:00:01'], 'ABC123');
    assert.equal(identityMismatch(named, { ...KNOWN, serials: [blank] }), undefined);
  }
});

const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const KNOWN_UUID = { ...KNOWN, systemUuids: [UUID] };
const withUuid = (uuid?: string) => inventory(['52:54:00:00:00:01'], 'ABC123', uuid);

test('another system UUID is another machine', () => {
  const seen = withUuid('00112233-4455-6677-8899-aabbccddee00');

  assert.match(identityMismatch(seen, KNOWN_UUID) ?? '', /system UUID is not 00112233-/);
});

test('a system UUID is the same in capitals, and with the bytes in the order of SMBIOS', () => {
  for (const spelling of [UUID.toUpperCase(), '33221100-5544-7766-8899-AABBCCDDEEFF']) {
    assert.equal(identityMismatch(withUuid(spelling), KNOWN_UUID), undefined);
  }
});

test('a system UUID that nobody set proves nothing, on either side', () => {
  const zeros = '00000000-0000-0000-0000-000000000000';
  const ones = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF';
  for (const blank of [undefined, '', 'Not Settable', zeros, ones]) {
    assert.equal(identityMismatch(withUuid(blank), KNOWN_UUID), undefined);
    assert.equal(identityMismatch(withUuid(UUID), { ...KNOWN, systemUuids: [blank] }), undefined);
  }
});
