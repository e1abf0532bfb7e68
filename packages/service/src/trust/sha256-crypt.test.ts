// Values of the specification, and of crypt(3).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cryptSha256 } from './sha256-crypt.ts';

test('passwords are hashed as crypt(3) does', () => {
  assert.equal(
    cryptSha256('Hello world!', 'saltstring'),
    '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5',
  );
});

test('one password has another hash each time', () => {
  const [first, second] = [cryptSha256('secret'), cryptSha256('secret')];

  assert.match(first, /^\$5\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{43}$/);
  assert.notEqual(first, second);
});
