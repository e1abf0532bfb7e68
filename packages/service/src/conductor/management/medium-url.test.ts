import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkMediumUrl } from './medium-url.ts';

const refusal = { status: 400 };

test('public names and addresses are taken, whatever they are fetched by', () => {
  for (const url of [
    'http://images.example.com/a.iso',
    'https://images.example.com:8443/a.iso?signature=x%20y',
    'nfs://files.example.com/export/a.iso',
    'cifs://files.example.com/share/a.iso',
    'https://93.184.215.14/a.iso',
  ]) {
    assert.doesNotThrow(() => checkMediumUrl(url, []), url);
  }
});

test('a network of the site is taken when the operator listed it', () => {
  assert.throws(() => checkMediumUrl('http://192.168.7.9/a.iso', []), refusal);
  assert.doesNotThrow(() => checkMediumUrl('http://192.168.7.9/a.iso', ['192.168.7.0/24']));
});

test('what leads elsewhere is refused in every spelling', () => {
  for (const url of [
    'file:///etc/passwd',
    'gopher://example.com/a',
    'HTTP://example.com/a.iso',
    'http:/example.com/a.iso',
    'http://user:word@example.com/a.iso',
    'http://localhost/a.iso',
    'http://127.0.0.1/a.iso',
    'http://2130706433/a.iso',
    'http://0x7f.1/a.iso',
    'nfs://0177.0.0.1/a.iso',
    'cifs://169.254.169.254/a.iso',
    'http://[::1]/a.iso',
    'http://[::ffff:10.0.0.1]/a.iso',
    'http://example.com/a b.iso',
    'http://example.com\\@10.0.0.1/a.iso',
    'http://example.com/;reboot\n',
    `http://example.com/${'a'.repeat(2_048)}`,
    '',
  ]) {
    assert.throws(() => checkMediumUrl(url, []), refusal, url);
  }
});
