import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { BootDenial } from '../boot-host.ts';
import { makeDenialLog, parseDenialPage } from './denial-log.ts';

const denial = (source: string): BootDenial => ({ nodeUuid: undefined, source, reason: 'path' });
const sourcesIn = ({ denials }: { readonly denials: readonly BootDenial[] }): readonly string[] =>
  denials.map(({ source }) => source);

test('each refusal is told once to who says how far he has read', () => {
  const log = makeDenialLog();
  log.add(denial('a'));
  log.add(denial('b'));

  const first = log.since('', 0);
  log.add(denial('c'));
  const second = log.since(first.run, first.last);

  assert.deepEqual(sourcesIn(first), ['a', 'b']);
  assert.deepEqual(sourcesIn(second), ['c']);
  assert.deepEqual(sourcesIn(log.since(second.run, second.last)), []);
});

test('after a restart of the host everything is new, whatever was read before', () => {
  const log = makeDenialLog();
  log.add(denial('a'));

  assert.deepEqual(sourcesIn(log.since('another run', 7)), ['a']);
});

test('of a flood the last thousand are kept', () => {
  const log = makeDenialLog();
  for (let index = 1; index <= 1_500; index += 1) log.add(denial(String(index)));

  const sources = sourcesIn(log.since('', 0));

  assert.equal(sources.length, 1_000);
  assert.equal(sources.at(-1), '1500');
});

test('what makes no sense of an answer is left out', () => {
  const page = parseDenialPage({
    run: 'r',
    last: 3,
    denials: [denial('a'), { source: 7, reason: 'path' }, { source: 'b', reason: 'x' }, null],
  });

  assert.deepEqual(sourcesIn(page), ['a']);
  assert.deepEqual(parseDenialPage('?'), { run: '', last: 0, denials: [] });
});
