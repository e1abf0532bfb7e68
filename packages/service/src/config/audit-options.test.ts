import assert from 'node:assert/strict';
import { test } from 'node:test';

import { auditOptions } from './audit-options.ts';
import type { Settings } from './schema.ts';

const NONE: Settings['audit'] = {
  syslog_url: null,
  syslog_ca_file: null,
  webhook_url: null,
  webhook_ca_file: null,
  webhook_token_file: null,
  ship_interval: 5,
};
const optionsOf = (some: Partial<Settings['audit']>) =>
  auditOptions({ audit: { ...NONE, ...some } });

test('nothing is shipped unless a receiver is named', () => {
  assert.deepEqual(optionsOf({}), { intervalMs: 5_000, syslog: undefined, webhookUrl: undefined });
});

for (const [url, receiver] of [
  ['tls://logs.example.org', { protocol: 'tls', host: 'logs.example.org', port: 6514 }],
  ['udp://192.0.2.1', { protocol: 'udp', host: '192.0.2.1', port: 514 }],
  ['tcp://[2001:db8::1]:601/', { protocol: 'tcp', host: '2001:db8::1', port: 601 }],
] as const) {
  test(`${url} is a receiver`, () => {
    assert.deepEqual(optionsOf({ syslog_url: url }).syslog, receiver);
  });
}

for (const [what, some, text] of [
  ['no scheme', { syslog_url: 'logs.example.org' }, /audit\.syslog_url must be tls:/],
  ['a path', { syslog_url: 'tcp://a/b' }, /audit\.syslog_url must be/],
  ['no such port', { syslog_url: 'tcp://a:70000' }, /70000 is not a port/],
  ['clear text', { webhook_url: 'http://logs.example.org/' }, /audit\.webhook_url must be https/],
  ['a password', { webhook_url: 'https://u:hunter2@a/' }, /without a user in it/],
  ['a token for nobody', { webhook_token_file: '/t' }, /webhook_token_file has no use/],
  ['an authority for nobody', { syslog_url: 'udp://a', syslog_ca_file: '/c' }, /tls:\/\//],
] as const) {
  test(`${what} is refused, and nothing secret is said`, () => {
    assert.throws(
      () => optionsOf(some),
      (error: Error) => text.test(error.message) && !error.message.includes('hunter2'),
    );
  });
}

test('a webhook on loopback may do without TLS', () => {
  assert.equal(
    optionsOf({ webhook_url: 'http://127.0.0.1:9/x' }).webhookUrl,
    'http://127.0.0.1:9/x',
  );
});
