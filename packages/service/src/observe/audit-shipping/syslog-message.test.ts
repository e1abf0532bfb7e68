import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ShippedRecord } from './destination.ts';
import { syslogMessage } from './syslog-message.ts';

const RECORD: ShippedRecord = {
  seq: 42,
  at: '2026-11-21T18:00:00.123Z',
  event: 'agent.lookup.rival',
  severity: 'critical',
  outcome: 'refused',
  node: '11111111-2222-4333-8444-555555555555',
  session: null,
  boot: 3,
  source: '192.0.2.7',
  agentVersion: null,
  request: 'req-1',
  detail: {},
  hash: 'abc',
};
const SENDER = { hostname: 'control.example.org', processId: 77 };

test('a record is a message with its number, node and hash as structured data, and itself as JSON', () => {
  const message = syslogMessage(RECORD, SENDER);

  assert.equal(
    message,
    '<82>1 2026-11-21T18:00:00.123Z control.example.org bessemer 77 agent.lookup.rival ' +
      '[bessemer@32473 seq="42" node="11111111-2222-4333-8444-555555555555" hash="abc"] ' +
      JSON.stringify(RECORD),
  );
});

for (const [severity, priority] of [
  ['info', 86],
  ['warning', 84],
  ['high', 83],
  ['never heard of', 83],
] as const) {
  test(`severity ${severity} has priority ${priority}`, () => {
    assert.ok(syslogMessage({ ...RECORD, severity }, SENDER).startsWith(`<${priority}>1 `));
  });
}

test('what a stranger named cannot end a line, a field or the structured data', () => {
  const node = 'a"] \\ ]x';
  const message = syslogMessage(
    { ...RECORD, node, event: 'agent lookup\nrival', detail: { said: 'é\n"]\u2028\u{1f600}' } },
    { ...SENDER, hostname: 'two words\n' },
  );

  assert.match(message, /^[\x20-\x7e]+$/);
  assert.ok(message.includes(String.raw`node="a\"\] \\ \]x"`));
  assert.ok(message.includes(' twowords bessemer 77 agentlookuprival ['));
  const json = message.slice(message.indexOf('{'));
  assert.equal((JSON.parse(json) as ShippedRecord).detail['said'], 'é\n"]\u2028\u{1f600}');
});

test('an event name that is too long for its field is cut there only', () => {
  const event = 'agent.'.padEnd(60, 'x');

  const message = syslogMessage({ ...RECORD, event }, SENDER);

  assert.ok(message.includes(` ${event.slice(0, 32)} [`));
  assert.ok(message.includes(`"event":"${event}"`));
});
