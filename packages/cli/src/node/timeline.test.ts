import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JournalEntry } from '@bessemer/protocol/node/journal-entry';
import { applyEntry, EMPTY_TIMELINE, openStepText, type Timeline } from './timeline.ts';

const entry = (seq: number, event: string, more: Partial<JournalEntry> = {}): JournalEntry => ({
  seq,
  at: new Date(Date.UTC(2026, 10, 21, 12, 0, seq)).toISOString(),
  workflow: 'w1',
  kind: 'deploy',
  stepIndex: 3,
  step: 'write_image',
  interface: 'deploy',
  event,
  detail: {},
  ...more,
});

const play = (
  entries: readonly JournalEntry[],
): { readonly lines: readonly string[]; readonly timeline: Timeline } => {
  let timeline = EMPTY_TIMELINE;
  const lines: string[] = [];
  for (const each of entries) {
    const change = applyEntry(timeline, each);
    timeline = change.timeline;
    lines.push(...change.lines);
  }
  return { lines, timeline };
};

test('a step that ended is shown with the time from its start', () => {
  const { lines } = play([entry(1, 'started'), entry(13, 'ended')]);

  assert.equal(lines[0], 'deploy (workflow w1)');
  assert.match(lines[1] ?? '', /^12:00:13 {2}deploy\.write_image +done {2}12\.0 s$/);
});

test('a step that failed is shown with its cause', () => {
  const { lines } = play([
    entry(1, 'started'),
    entry(2, 'failed', { detail: { failure: { code: 'image.write', text: 'the disk is gone' } } }),
  ]);

  assert.match(lines[1] ?? '', /FAILED {2}1\.0 s {2}the disk is gone$/);
});

test('an open step shows how far it is, how fast, and how long it will take', () => {
  const mib = 1024 * 1024;
  const { timeline } = play([
    entry(1, 'started'),
    entry(3, 'progress', {
      detail: {
        progress: {
          phase: 'writing',
          doneBytes: 25 * mib,
          totalBytes: 100 * mib,
          bytesPerSecond: 12.5 * mib,
          etaSeconds: 5.2,
        },
      },
    }),
  ]);
  assert.ok(timeline.open);

  const text = openStepText(timeline.open, Date.UTC(2026, 10, 21, 12, 0, 3));

  assert.match(text, /2\.0 s {2}writing, 25 %, 25\.0 MiB of 100\.0 MiB, 12\.5 MiB\/s, 6 s left$/);
});

test('a step that is started again after a wait keeps the time of its first start', () => {
  const { lines } = play([
    entry(1, 'started'),
    entry(2, 'waiting', { detail: { waitsFor: 'the agent' } }),
    entry(9, 'woken'),
    entry(9, 'started'),
    entry(11, 'ended'),
  ]);

  assert.match(lines.at(-1) ?? '', /done {2}10\.0 s$/);
});

test('an open step says what it waits for until it is woken', () => {
  const waiting = play([
    entry(1, 'started'),
    entry(2, 'waiting', { detail: { waitsFor: 'the agent' } }),
  ]);
  const woken = play([entry(1, 'started'), entry(2, 'waiting'), entry(3, 'woken')]);
  assert.ok(waiting.timeline.open);
  assert.ok(woken.timeline.open);

  assert.match(openStepText(waiting.timeline.open, 0), /waits: the agent$/);
  assert.doesNotMatch(openStepText(woken.timeline.open, 0), /waits/);
});

test('another workflow begins with a line of its own', () => {
  const { lines } = play([
    entry(1, 'started'),
    entry(2, 'started', { workflow: 'w2', kind: 'clean' }),
  ]);

  assert.deepEqual(lines, ['deploy (workflow w1)', 'clean (workflow w2)']);
});
