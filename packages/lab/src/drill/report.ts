// The table that a person reads: one block for each drill, since sentences do not fit into columns.

import type { DrillResult } from './drill.ts';

const WIDTH = 108;
const MARGIN = 12;

const wrapped = (label: string, text: string): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > WIDTH - MARGIN) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines
    .map((each, index) => `${(index === 0 ? `  ${label}` : '').padEnd(MARGIN)}${each}`)
    .join('\n');
};

export const renderResult = (result: DrillResult): string => {
  const { name, threats, verdict, elapsedMs } = result;
  const head = `${verdict.padEnd(MARGIN)}${name}  (${threats.join(', ')}; ${(elapsedMs / 1_000).toFixed(1)} s)`;
  return [
    head,
    wrapped('attempt', result.attempt),
    wrapped('expected', result.expected),
    wrapped('seen', result.seen === '' ? 'nothing' : result.seen),
    ...result.deviations.map((text) => wrapped('but', text)),
    '',
  ].join('\n');
};

export const renderSummary = (results: readonly DrillResult[]): string => {
  const names = (verdict: DrillResult['verdict']): string[] =>
    results.filter((each) => each.verdict === verdict).map(({ name }) => name);
  const broken = names('BROKEN');
  const unstaged = names('not staged');
  return [
    `${names('held').length} of ${results.length} held.`,
    ...(broken.length === 0 ? [] : [`BROKEN: ${broken.join(', ')}.`]),
    ...(unstaged.length === 0 ? [] : [`Not staged: ${unstaged.join(', ')}.`]),
  ].join(' ');
};
