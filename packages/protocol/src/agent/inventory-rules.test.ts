import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from '../json.ts';
import { inventoryProblem } from './inventory-rules.ts';

const CARD = { name: 'eth0', mac_address: '52:54:00:00:00:01' };
const GOOD: JsonObject = {
  interfaces: [CARD],
  disks: [{ name: '/dev/sda', size: 1_000 }],
  hostname: 'lines\nand\ttabs are text',
};

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);

test('an ordinary inventory has no problem', () => {
  assert.equal(inventoryProblem(GOOD), undefined);
});

test('T-17: what no machine has is found, and not repeated', () => {
  for (const [more, problem] of [
    [{ interfaces: Array.from({ length: 65 }, () => CARD) }, /more than 64 interfaces/],
    [{ disks: Array.from({ length: 1_025 }, () => ({ size: 1 })) }, /more than 1024 disks/],
    [{ x: nested(30) }, /deeper than 25/],
    [{ hostname: 'y'.repeat(4_097) }, /longer than 4096/],
    [{ ['y'.repeat(4_097)]: 1 }, /longer than 4096/],
    [{ hostname: 'a\u0000b' }, /control characters/],
    [{ hostname: '\u001b[2J' }, /control characters/],
    [{ x: { constructor: 1 } }, /called constructor/],
    [JSON.parse('{"x":{"__proto__":1}}'), /called __proto__/],
    [{ disks: [{ size: Number.POSITIVE_INFINITY }] }, /no end/],
    [{ disks: [{ size: -1 }] }, /no proper size/],
  ] as const) {
    const found = inventoryProblem({ ...GOOD, ...(more as JsonObject) });
    assert.match(found ?? '', problem);
    assert.ok(!(found ?? '').includes('yyy'));
  }
  for (const value of [null, [], 'x', 1]) assert.match(inventoryProblem(value) ?? '', /object/);
});
