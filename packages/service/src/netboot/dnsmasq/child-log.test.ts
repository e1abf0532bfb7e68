import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pino } from 'pino';

import { makeChildLog } from './child-log.ts';

type Line = { readonly level: number; readonly dnsmasq?: string; readonly suppressed?: number };

const setUp = () => {
  const lines: Line[] = [];
  let nowMs = 0;
  const log = pino(
    { level: 'debug' },
    { write: (text: string) => void lines.push(JSON.parse(text) as Line) },
  );
  const childLog = makeChildLog(log, { monotonicMs: () => nowMs });
  return { lines, childLog, pass: (ms: number) => (nowMs += ms) };
};

test('packets are for who searches, all else is for everybody', () => {
  const { lines, childLog } = setUp();
  childLog.add('dnsmasq-dhcp[1]: DHCPDISCOVER(prov0) 52:54:00:00:00:01 ');
  childLog.add('');
  childLog.add('dnsmasq-dhcp[1]: no address range available for DHCP request via prov0');
  assert.deepEqual(
    lines.map(({ level, dnsmasq }) => [level, dnsmasq]),
    [
      [20, 'DHCPDISCOVER(prov0) 52:54:00:00:00:01 '],
      [30, 'no address range available for DHCP request via prov0'],
    ],
  );
  assert.equal(childLog.last(), 'no address range available for DHCP request via prov0');
});

test('a flood of packets does not fill the log', () => {
  const { lines, childLog, pass } = setUp();
  for (let index = 0; index < 1_000; index += 1) childLog.add(`dnsmasq-tftp[1]: error ${index}`);
  assert.equal(lines.length, 300);
  pass(60_000);
  childLog.add('dnsmasq[1]: later');
  assert.deepEqual(
    lines.slice(300).map(({ dnsmasq, suppressed }) => dnsmasq ?? suppressed),
    [700, 'later'],
  );
});

test('what strangers put into a line is made harmless', () => {
  const { lines, childLog } = setUp();
  childLog.add(`dnsmasq-tftp[1]: file \u001B[2J\u0000é${'x'.repeat(1_000)}`);
  assert.match(lines[0]?.dnsmasq ?? '', /^file \?\[2J\?\?x+$/u);
  assert.ok((lines[0]?.dnsmasq ?? '').length <= 300);
});
