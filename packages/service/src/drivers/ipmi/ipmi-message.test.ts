import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { RECORDED_ANSWERS } from '../../../test/drivers/ipmi-recording.ts';
import { readAuthCapabilities } from './auth-capabilities.ts';
import { cipherSuitesIn } from './commands/channel.ts';
import { readIpmiResponse, writeIpmiRequest } from './ipmi-message.ts';
import { readOpeningStatus, readOpenSessionAnswer, readRakp2, readRakp4 } from './rakp-messages.ts';
import { readPresencePong } from './rmcp.ts';
import { unwrapOldMessage, wrapOldMessage } from './session-packet.ts';

test('a request is the bytes that ipmitool sends for it', () => {
  const message = writeIpmiRequest({
    netFn: 0x06,
    command: 0x38,
    data: Buffer.from([0x8e, 0x04]),
    number: 0,
  });

  assert.equal(
    wrapOldMessage(message).toString('hex'),
    '0600ff07000000000000000000092018c88100388e04b5',
  );
});

test('the answer of ipmi_sim tells that it speaks IPMI 2.0 and has no anonymous user', () => {
  const message = unwrapOldMessage(RECORDED_ANSWERS.authCapabilities);
  const response = readIpmiResponse(message ?? Buffer.alloc(0));

  assert.deepEqual(readAuthCapabilities(response?.data ?? Buffer.alloc(0)), {
    channel: 1,
    hasIpmi2: true,
    hasIpmi15: true,
    isBmcKeySet: false,
    isAnonymousAllowed: false,
  });
});

test('no flipped bit of a message passes its checksums', () => {
  const message = unwrapOldMessage(RECORDED_ANSWERS.authCapabilities) ?? Buffer.alloc(0);

  for (let bit = 0; bit < message.length * 8; bit += 1) {
    const changed = Buffer.from(message);
    changed.writeUInt8((changed[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
    assert.equal(readIpmiResponse(changed), undefined, `bit ${bit}`);
  }
});

test('records of cipher suites are read past OEM records and damage', () => {
  const records = Buffer.from([0xc0, 3, 1, 0x41, 0x81, 0xc1, 0x80, 1, 2, 3, 1, 0xc0, 17, 3, 0xc0]);

  assert.deepEqual(cipherSuitesIn(records), [3, 17]);
});

test('no reader raises an error, whatever it is given', () => {
  const readers = [
    readIpmiResponse,
    readAuthCapabilities,
    readOpeningStatus,
    readOpenSessionAnswer,
    readRakp2,
    readRakp4,
    readPresencePong,
    unwrapOldMessage,
    cipherSuitesIn,
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => {
      for (const read of readers) read(Buffer.from(bytes));
    }),
  );
});
