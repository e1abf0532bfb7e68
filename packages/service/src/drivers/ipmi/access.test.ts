import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from '@bessemer/protocol/json';

import { makeAddressRules } from '../address-rules.ts';
import { readIpmiAccess } from './access.ts';

const RULES = makeAddressRules(
  { allowedNetworks: null, allowedPorts: [623], isLoopbackAllowed: false },
  'ipmi',
);
const LOGIN = { ipmi_address: '10.0.0.9', ipmi_username: 'admin', ipmi_password: 'pw' };
const accessOf = (info: JsonObject) =>
  readIpmiAccess({ ...LOGIN, ...info }, RULES, { cipherSuites: [17] });

test('what is not said has its default', () => {
  const access = accessOf({});

  assert.deepEqual(
    { ...access, password: access.password.reveal() },
    {
      host: '10.0.0.9',
      port: 623,
      origin: 'ipmi://10.0.0.9:623',
      username: 'admin',
      password: 'pw',
      privilege: 'administrator',
      cipherSuites: [17],
      isBootTimeoutDisabled: true,
    },
  );
});

test('what is said is taken, in the forms that clients send', () => {
  const access = accessOf({
    ipmi_address: '[2001:db8::9]',
    ipmi_port: '623',
    ipmi_priv_level: 'OPERATOR',
    ipmi_cipher_suite: '3',
    ipmi_hex_kg_key: '00'.repeat(20),
    ipmi_disable_boot_timeout: 'False',
    ipmi_verify_ca: false,
    ipmi_terminal_port: 8123,
    ipmi_force_boot_device: true,
    ipmi_protocol_version: '2.0',
    ipmi_bridging: 'no',
  });

  assert.equal(access.origin, 'ipmi://[2001:db8::9]:623');
  assert.equal(access.privilege, 'operator');
  assert.deepEqual(access.cipherSuites, [3]);
  assert.equal(access.bmcKey?.reveal().length, 20);
  assert.equal(access.isBootTimeoutDisabled, false);
});

test('a reference to a kept password stands in the place of the password', () => {
  assert.equal(
    accessOf({ ipmi_password: 'bmc-secret:a#6f1c-7-and-longer' }).password.reveal(),
    'bmc-secret:a#6f1c-7-and-longer',
  );
});

const REFUSALS: readonly (readonly [JsonObject, RegExp])[] = [
  [{ ipmi_address: '' }, /Missing .*: ipmi_address\./],
  [{ ipmi_username: null, ipmi_password: null }, /Missing .*: ipmi_username, ipmi_password\./],
  [{ ipmi_address: 'https://10.0.0.9' }, /ipmi_address/],
  [{ ipmi_address: '10.0.0.9:623' }, /ipmi_address/],
  [{ ipmi_address: 'bmc name' }, /ipmi_address/],
  [{ ipmi_address: 9 }, /ipmi_address/],
  [{ ipmi_address: '127.0.0.1' }, /ipmi_address.*loopback.*\[ipmi\] allowed_networks/],
  [{ ipmi_address: '169.254.1.1' }, /ipmi_address.*link-local/],
  [{ ipmi_port: 0 }, /ipmi_port/],
  [{ ipmi_port: '6x' }, /ipmi_port/],
  [{ ipmi_port: 22 }, /port 22 is not in \[ipmi\] allowed_ports/],
  [{ ipmi_username: 'seventeen-letters' }, /ipmi_username.*16 bytes/],
  [{ ipmi_username: 'a\nb' }, /ipmi_username/],
  [{ ipmi_password: 'twenty-one-characters' }, /ipmi_password.*20 bytes/],
  [{ ipmi_password: 'a\u0000b' }, /ipmi_password/],
  [{ ipmi_priv_level: 'ROOT' }, /ipmi_priv_level.*ADMINISTRATOR/],
  [{ ipmi_cipher_suite: 0 }, /ipmi_cipher_suite: 0 .*never/],
  [{ ipmi_cipher_suite: '8' }, /ipmi_cipher_suite: it must be 17/],
  [{ ipmi_hex_kg_key: 'beef' }, /ipmi_hex_kg_key/],
  [{ ipmi_protocol_version: '1.5' }, /ipmi_protocol_version/],
  [{ ipmi_bridging: 'single' }, /ipmi_bridging/],
];

for (const [info, words] of REFUSALS) {
  test(`refused, and told which key: ${JSON.stringify(info)}`, () => {
    assert.throws(
      () => accessOf(info),
      (error: { status?: number; message?: string }) =>
        error.status === 400 &&
        words.test(error.message ?? '') &&
        !(error.message ?? '').includes('twenty-one'),
    );
  });
}
