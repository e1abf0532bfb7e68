import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isSourceRight } from './source-address.ts';

const NONE = { allowedNetworks: [] };

test('the source is the host of the callback, however it is spelt', () => {
  for (const [callback, source] of [
    ['10.99.0.51', '10.99.0.51'],
    ['10.99.0.51', '::ffff:10.99.0.51'],
    ['fd00:99::7', 'fd00:99::7'],
    ['fd00:99:0:0:0:0:0:7', 'fd00:99::7'],
  ] as const) {
    assert.ok(isSourceRight(callback, source, NONE), `${callback} ${source}`);
  }
});

test('any other source is refused', () => {
  for (const [callback, source] of [
    ['10.99.0.51', '10.99.0.52'],
    ['10.99.0.51', '::ffff:10.99.0.52'],
    ['10.99.0.51', 'fd00:99::7'],
    ['10.99.0.51', '127.0.0.1'],
    ['10.99.0.51', ''],
    ['127.0.0.1', '10.99.0.51'],
    ['fd00:99::7', 'fd00:99::8'],
    ['fd00:99::7', 'fd00:99::7%eth0'],
    ['fd00:99::7', '10.99.0.51'],
  ] as const) {
    assert.ok(!isSourceRight(callback, source, NONE), `${callback} ${source}`);
  }
});

test('a caller of this host that chose no address may be any machine of a lab', () => {
  assert.ok(isSourceRight('127.77.1.2', '127.0.0.1', NONE));
  assert.ok(isSourceRight('127.77.1.2', '::ffff:127.0.0.1', NONE));
  assert.ok(isSourceRight('127.77.1.2', '::1', NONE));
});

test('a machine of a lab is not another one', () => {
  assert.ok(!isSourceRight('127.77.1.2', '127.77.1.3', NONE));
  assert.ok(!isSourceRight('127.77.1.2', '127.66.0.1', NONE));
  assert.ok(isSourceRight('127.77.1.2', '::ffff:127.77.1.2', NONE));
});

test('a callback in a listed network may come through somebody else', () => {
  const listed = { allowedNetworks: ['10.99.0.0/24'] };

  assert.ok(isSourceRight('10.99.0.51', '192.0.2.1', listed));
  assert.ok(!isSourceRight('10.98.0.51', '192.0.2.1', listed));
});
