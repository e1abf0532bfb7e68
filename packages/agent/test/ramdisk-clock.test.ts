// When the ramdisk sets the clock of its machine.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clockWish } from '../ramdisk/guest/clock-wish.ts';

const SERVICE_MS = Date.parse('2026-11-21T08:00:00.000Z');
const CONFIGURATION =
  '[DEFAULT]\ndebug = true\n[bessemer]\nservice_time = 2026-11-21T08:00:00.000Z\n';
const YEAR_MS = 365 * 86_400_000;

for (const [what, nowMs, expected] of [
  ['years behind is set', SERVICE_MS - 20 * YEAR_MS, SERVICE_MS],
  ['years ahead is set', SERVICE_MS + 20 * YEAR_MS, SERVICE_MS],
  ['a minute behind stays', SERVICE_MS - 60_000, undefined],
  ['some hours ahead stays', SERVICE_MS + 6 * 3_600_000, undefined],
] as const) {
  test(`a clock that is ${what}`, () => {
    assert.equal(clockWish(CONFIGURATION, nowMs), expected);
  });
}

test('a configuration without a time, or with none that can be read, leaves the clock alone', () => {
  for (const text of [
    '',
    '[DEFAULT]\nservice_time = 2026-11-21T08:00:00Z\n',
    '[bessemer]\nservice_time = soon\n',
  ])
    assert.equal(clockWish(text, 0), undefined);
});
