import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DEFAULT_RATE_LIMIT_OPTIONS, makeRateLimits } from './rate-limits.ts';

const MINUTE_MS = 60_000;
const MACHINE = '192.0.2.7';
const STRANGER = '192.0.2.66';

const open = () => makeRateLimits(DEFAULT_RATE_LIMIT_OPTIONS);
/** Statuses of `count` equal calls; 0 is admitted. */
const statuses = (
  count: number,
  call: () => { readonly status: number } | undefined,
): readonly number[] => Array.from({ length: count }, () => call()?.status ?? 0);
const admitted = (all: readonly number[]): number => all.filter((status) => status === 0).length;

test('lookups of one source: a burst of 20, then 10 a minute, and it is told when to come again', () => {
  const limits = open();

  assert.equal(admitted(statuses(50, () => limits.admitLookup(STRANGER, 0))), 20);
  const refused = limits.admitLookup(STRANGER, 0);
  assert.deepEqual([refused?.status, refused?.retryAfterSeconds], [429, 6]);
  assert.equal(limits.admitLookup(MACHINE, 0), undefined);
  assert.equal(admitted(statuses(50, () => limits.admitLookup(STRANGER, MINUTE_MS))), 10);
});

test('being limited is told once a minute', () => {
  const limits = open();
  statuses(20, () => limits.admitLookup(STRANGER, 0));
  const told = Array.from({ length: 30 }, () => limits.admitLookup(STRANGER, 0)?.isNews);

  assert.deepEqual(
    told.filter((isNews) => isNews),
    [true],
  );
});

test('lookups of one node from one source: 6 a minute, and others may still ask for it', () => {
  const limits = open();

  assert.equal(admitted(statuses(20, () => limits.admitLookupOf('node', STRANGER, 0))), 6);
  assert.equal(limits.admitLookupOf('node', MACHINE, 0), undefined);
  assert.equal(limits.admitLookupOf('node', STRANGER, MINUTE_MS), undefined);
});

test('whoever is denied 30 times in ten minutes is shunned for ten, told once', () => {
  const limits = open();
  const marks = Array.from({ length: 40 }, () => limits.noteDenial(STRANGER, 0));

  assert.equal(marks.indexOf(true), 29);
  assert.equal(marks.filter(Boolean).length, 1);
  assert.equal(limits.admitLookup(STRANGER, 1)?.status, 429);
  assert.equal(limits.admitLookup(STRANGER, 10 * MINUTE_MS - 1)?.status, 429);
  assert.equal(limits.admitLookup(MACHINE, 1), undefined);
  assert.equal(limits.admitLookup(STRANGER, 10 * MINUTE_MS), undefined);
});

test('a machine that is denied now and then is not shunned', () => {
  const limits = open();
  for (let minute = 0; minute < 600; minute += 1) {
    assert.equal(limits.noteDenial(MACHINE, minute * MINUTE_MS), false);
  }
});

test('the whole process takes 200 lookups a second, from however many sources', () => {
  const limits = open();
  let source = 0;
  const all = statuses(300, () => limits.admitLookup(`198.51.${source++ % 250}.1`, 0));

  assert.equal(admitted(all), 200);
  assert.equal(all.at(-1), 503);
  assert.equal(limits.admitLookup('203.0.113.1', 1_000), undefined);
});

test('heartbeats of one node: 5 at once, then one in two seconds', () => {
  const limits = open();

  assert.equal(admitted(statuses(20, () => limits.admitHeartbeat('node', MACHINE, 0))), 5);
  assert.equal(limits.admitHeartbeat('node', MACHINE, 1_999)?.status, 429);
  assert.equal(limits.admitHeartbeat('node', MACHINE, 2_000), undefined);
});

test('wrong tokens: 10 a minute from one source, then 429 for that source and not for the agent', () => {
  const limits = open();
  const marks = Array.from({ length: 15 }, () => limits.noteWrongToken('node', STRANGER, 0));

  assert.equal(marks.indexOf(true), 9);
  assert.equal(marks.filter(Boolean).length, 1);
  assert.equal(limits.admitHeartbeat('node', STRANGER, 0)?.status, 429);
  assert.equal(limits.admitHeartbeat('node', MACHINE, 0), undefined);
  assert.equal(limits.admitHeartbeat('other', STRANGER, 0), undefined);
  assert.equal(limits.admitHeartbeat('node', STRANGER, MINUTE_MS), undefined);
});

test('simulated machines share one loopback address, and are not taken for one', () => {
  const limits = open();

  assert.equal(admitted(statuses(100, () => limits.admitLookup('127.0.0.1', 0))), 100);
  assert.equal(admitted(statuses(100, () => limits.admitLookup('127.77.0.9', 0))), 20);
  assert.equal(limits.noteDenial('127.0.0.1', 0), false);
});
