import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RECORDED } from '../../../test/drivers/ipmi-recording.ts';
import { CIPHER_SUITES } from './cipher-suites.ts';
import {
  bmcProof,
  consoleProof,
  isSameProof,
  sessionIntegrityKey,
  sessionProof,
  type Opening,
} from './key-material.ts';

const OPENING: Opening = {
  ...RECORDED,
  suite: CIPHER_SUITES[3],
  username: Buffer.from(RECORDED.username),
};
const PASSWORD = Buffer.from(RECORDED.password);

test('the proofs are those of two other programs', () => {
  const sik = sessionIntegrityKey(OPENING, PASSWORD);

  assert.deepEqual(bmcProof(OPENING, PASSWORD), RECORDED.bmcProof);
  assert.deepEqual(consoleProof(OPENING, PASSWORD), RECORDED.consoleProof);
  assert.deepEqual(sessionProof(OPENING, sik), RECORDED.sessionProof);
});

test('a password padded with zeros proves the same', () => {
  const padded = Buffer.concat([PASSWORD, Buffer.alloc(10)]);

  assert.deepEqual(bmcProof(OPENING, padded), RECORDED.bmcProof);
});

test('proofs of other lengths are not the same proof', () => {
  assert.equal(isSameProof(RECORDED.bmcProof, RECORDED.bmcProof.subarray(0, 12)), false);
  assert.equal(isSameProof(RECORDED.bmcProof, Buffer.alloc(0)), false);
});
