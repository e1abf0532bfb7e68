import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import {
  RECORDED,
  RECORDED_REQUEST,
  RECORDED_RESPONSE,
} from '../../../test/drivers/ipmi-recording.ts';
import { CIPHER_SUITES } from './cipher-suites.ts';
import { readIpmiResponse } from './ipmi-message.ts';
import { sessionIntegrityKey, sessionKeys } from './key-material.ts';
import { openPacket, sealPacket } from './sealed-packet.ts';

const SUITE = CIPHER_SUITES[3];
const KEYS = sessionKeys(
  SUITE,
  sessionIntegrityKey(
    { ...RECORDED, suite: SUITE, username: Buffer.from(RECORDED.username) },
    Buffer.from(RECORDED.password),
  ),
);
const SUITES = [CIPHER_SUITES[3], CIPHER_SUITES[17]] as const;

const open = (datagram: Buffer) => openPacket(SUITE, KEYS, RECORDED.consoleSessionId, datagram);

test('a packet that another BMC sealed opens', () => {
  const opened = open(RECORDED_RESPONSE);

  assert.ok(opened.kind === 'opened');
  assert.equal(opened.packet.number, 1);
  assert.deepEqual(readIpmiResponse(opened.packet.message)?.data, Buffer.from([0x04]));
});

test('a packet that another console sealed is sealed to the same bytes', () => {
  const opened = openPacket(SUITE, KEYS, RECORDED.bmcSessionId, RECORDED_REQUEST);
  assert.ok(opened.kind === 'opened');

  const sealed = sealPacket(SUITE, KEYS, {
    sessionId: RECORDED.bmcSessionId,
    number: 3,
    iv: RECORDED_REQUEST.subarray(16, 32),
    message: opened.packet.message,
  });

  assert.deepEqual(sealed, RECORDED_REQUEST);
});

for (const suite of SUITES) {
  test(`suite ${suite.id}: what is sealed opens again, whatever its length`, () => {
    const keys = sessionKeys(suite, Buffer.alloc(suite.hashBytes, 7));
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (bytes, iv) => {
          const message = Buffer.from(bytes);

          const datagram = sealPacket(suite, keys, {
            sessionId: 9,
            number: 5,
            iv: Buffer.from(iv),
            message,
          });

          assert.deepEqual(openPacket(suite, keys, 9, datagram), {
            kind: 'opened',
            packet: { number: 5, message },
          });
        },
      ),
    );
  });
}

test('no flipped bit of a packet is believed', () => {
  const original = open(RECORDED_RESPONSE);
  // The four bytes before are of no session: nothing that is believed is taken from them.
  const bits = Array.from({ length: RECORDED_RESPONSE.length * 8 }, (_, at) => at).slice(32);

  for (const bit of bits) {
    const changed = Buffer.from(RECORDED_RESPONSE);
    changed.writeUInt8((changed[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
    assert.notEqual(open(changed).kind, 'opened', `bit ${bit}`);
  }
  assert.equal(original.kind, 'opened');
});

test('a cut packet is not believed, at any length', () => {
  for (let sizeBytes = 0; sizeBytes < RECORDED_RESPONSE.length; sizeBytes += 1) {
    assert.notEqual(open(RECORDED_RESPONSE.subarray(0, sizeBytes)).kind, 'opened');
  }
});

test('packets that are marked, but not encrypted, are not accepted', () => {
  const plain = Buffer.from(RECORDED_RESPONSE);
  plain.writeUInt8(0x40, 5);

  assert.equal(open(plain).kind, 'altered');
});

test('no bytes at all raise an error of the runtime', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => {
      const datagram = Buffer.concat([RECORDED_RESPONSE.subarray(0, 10), Buffer.from(bytes)]);

      assert.notEqual(open(datagram).kind, 'opened');
    }),
  );
});
