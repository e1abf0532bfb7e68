import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hostsOf, plainAddress } from './known-bmcs.ts';

for (const [name, info, expected] of [
  ['an address', { ipmi_address: '10.30.0.9' }, ['10.30.0.9']],
  ['a URL with a port', { redfish_address: 'https://10.30.0.9:8443/' }, ['10.30.0.9']],
  ['a URL of IPv6', { redfish_address: 'https://[2001:DB8:0::9]' }, ['2001:db8::9']],
  ['IPv6', { ipmi_address: '2001:db8:0:0::9' }, ['2001:db8::9']],
  ['IPv4 in the clothes of IPv6', { ipmi_address: '::ffff:10.30.0.9' }, ['10.30.0.9']],
  ['IPv4 as a number', { redfish_address: 'https://169738249' }, ['10.30.0.9']],
  [
    'names',
    { ipmi_address: 'BMC-7', redfish_address: 'https://bmc-8.example.org' },
    ['bmc-7', 'bmc-8.example.org'],
  ],
  ['a name with a port', { redfish_address: 'bmc-7:8443' }, ['bmc-7']],
  ['what is no address', { note: '10.30.0.9', ipmi_address: 7 }, []],
  ['what nobody can speak to', { ipmi_address: 'a b', redfish_address: 'https://' }, []],
] as const) {
  test(`the BMC of a node that has ${name} is found`, () => {
    assert.deepEqual(hostsOf(info), expected);
  });
}

test('an address has one spelling', () => {
  const spelt = ['::FFFF:A1E:9', '2001:DB8::0:9', '10.30.0.9', 'fe80::1%eth0'].map(plainAddress);

  assert.deepEqual(spelt, ['10.30.0.9', '2001:db8::9', '10.30.0.9', 'fe80::1%eth0']);
});
