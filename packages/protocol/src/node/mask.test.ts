import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isSecretKey, maskDriverInfo, maskInstanceInfo, maskSecrets, maskText } from './mask.ts';

test('keys that contain a secret word are secret, in any case', () => {
  for (const key of [
    'ipmi_password',
    'REDFISH_PASSWORD',
    'agent_secret_token',
    'hashed_rescue_password',
    'x_passphrase_2',
  ]) {
    assert.ok(isSecretKey(key), key);
  }
  for (const key of ['redfish_username', 'image_source', 'boot_iso', 'rack']) {
    assert.ok(!isSecretKey(key), key);
  }
});

test('whatever stands under a secret key is replaced, at any depth and in lists', () => {
  const masked = maskSecrets({
    password: { a: 1 },
    list: [{ token: 'x' }, [{ secret: null }]],
    deep: { deeper: { private_key: 5 } },
  });

  assert.deepEqual(masked, {
    password: '******',
    list: [{ token: '******' }, [{ secret: '******' }]],
    deep: { deeper: { private_key: '******' } },
  });
});

test('secrets inside texts lose their secret part only', () => {
  assert.equal(maskText('run --password hunter2 now'), 'run --password ****** now');
  assert.equal(maskText("{'password': 'hunter2'}"), "{'password': '******'}");
  assert.equal(maskText('<adminPass>hunter2</adminPass>'), '<adminPass>******</adminPass>');
  assert.equal(maskText('http://a/b?token=hunter2&c=d'), 'http://a/b?token=******&c=d');
  assert.equal(maskText('a password was wrong'), 'a password was wrong');
});

test('the extra keys of driver_info and instance_info', () => {
  assert.deepEqual(maskDriverInfo({ snmp_auth_key: 'x', snmp_user: 'u' }), {
    snmp_auth_key: '******',
    snmp_user: 'u',
  });
  assert.deepEqual(
    maskInstanceInfo({ configdrive: '', image_url: 'http://x', image_source: 's' }),
    {
      configdrive: '',
      image_url: '******',
      image_source: 's',
    },
  );
});

test('a long text of near misses is masked quickly', () => {
  const text = 'password '.repeat(20_000) + '<'.repeat(20_000) + '--'.repeat(20_000);

  assert.equal(maskText(text).length > 0, true);
});
