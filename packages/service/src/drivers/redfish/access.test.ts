import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';

import type { JsonObject } from '@bessemer/protocol/json';

import { nodeOf } from '../../../test/drivers/node-of.ts';
import { readAccess } from './access.ts';
import { makeAddressRules } from '../address-rules.ts';

const RULES = makeAddressRules({
  allowedNetworks: null,
  allowedPorts: [443, 8443],
  isLoopbackAllowed: false,
});

const read = (info: JsonObject) =>
  readAccess(
    nodeOf({
      redfish_address: 'https://10.0.0.9',
      redfish_username: 'root',
      redfish_password: 'calvin-1',
      ...info,
    }),
    RULES,
    { isPlainHttpAllowed: false },
  );

for (const [written, origin] of [
  ['https://10.0.0.9', 'https://10.0.0.9'],
  ['10.0.0.9', 'https://10.0.0.9'],
  ['https://10.0.0.9:8443/', 'https://10.0.0.9:8443'],
  ['https://bmc-7.example/redfish/v1', 'https://bmc-7.example'],
  ['2001:db8::9', 'https://[2001:db8::9]'],
  ['https://[2001:db8::9]:443', 'https://[2001:db8::9]'],
] as const) {
  test(`redfish_address ${written} is ${origin}`, () => {
    assert.equal(read({ redfish_address: written }).origin, origin);
  });
}

for (const [key, value, words] of [
  ['redfish_address', null, /Missing.*redfish_address/],
  ['redfish_username', '', /Missing.*redfish_username/],
  ['redfish_address', 'ftp://10.0.0.9', /redfish_address/],
  ['redfish_address', 'https://root:x@10.0.0.9', /redfish_address/],
  ['redfish_address', 'https://10.0.0.9/cgi', /redfish_address/],
  ['redfish_address', 'http://10.0.0.9', /clear text/],
  ['redfish_address', 'https://127.0.0.1', /loopback/],
  ['redfish_address', 'https://0x7f.1', /loopback/],
  ['redfish_address', 'https://2130706433', /loopback/],
  ['redfish_address', 'https://169.254.169.254', /link-local/],
  ['redfish_address', 'https://10.0.0.9:22', /allowed_ports/],
  ['redfish_address', ['x'], /redfish_address/],
  ['redfish_password', 'a\r\nb', /redfish_password/],
  ['redfish_system_id', 'Systems/1', /redfish_system_id/],
  ['redfish_system_id', '//other/1', /redfish_system_id/],
  ['redfish_auth_type', 'digest', /redfish_auth_type/],
  ['redfish_verify_ca', 'maybe', /redfish_verify_ca/],
  ['redfish_verify_ca', 1, /redfish_verify_ca/],
  ['redfish_pin', 'abc', /redfish_pin/],
] as const) {
  test(`${key} ${JSON.stringify(value)} is refused`, () => {
    assert.throws(() => read({ [key]: value as never }), { status: 400, message: words });
  });
}

test('all missing keys are named at once', () => {
  assert.throws(() => readAccess(nodeOf({}), RULES, { isPlainHttpAllowed: false }), {
    message:
      "Missing the following Redfish properties in node's driver_info: redfish_address, redfish_username, redfish_password",
  });
});

test('the certificate is checked unless the node says otherwise', () => {
  assert.equal(read({}).trust.isCaChecked, true);
  assert.equal(read({ redfish_verify_ca: 'True' }).trust.isCaChecked, true);
  assert.equal(read({ redfish_verify_ca: 'False' }).trust.isCaChecked, false);
  assert.equal(read({ redfish_verify_ca: false }).trust.isCaChecked, false);
  assert.equal(read({ redfish_verify_ca: '/etc/bmc-ca.pem' }).trust.caFile, '/etc/bmc-ca.pem');
});

test('a pin replaces the CA check, and stands beside one that is asked for', () => {
  const pin = 'AB'.repeat(32);

  assert.deepEqual(read({ redfish_pin: pin }).trust, {
    isCaChecked: false,
    caFile: null,
    caPem: null,
    pin: pin.toLowerCase(),
  });
  assert.equal(read({ redfish_pin: pin, redfish_verify_ca: true }).trust.isCaChecked, true);
});

test('the service root as system id means the only system', () => {
  assert.equal(read({ redfish_system_id: '/redfish/v1/' }).systemPath, null);
  assert.equal(
    read({ redfish_system_id: '/redfish/v1/Systems/1/' }).systemPath,
    '/redfish/v1/Systems/1',
  );
});

test('printing an access shows no password', () => {
  const access = read({});

  assert.equal(
    `${inspect(access, { depth: 9 })}${JSON.stringify(access)}`.includes('calvin-1'),
    false,
  );
});
