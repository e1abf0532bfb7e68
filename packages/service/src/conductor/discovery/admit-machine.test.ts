import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bmcAddressOf, networkOf } from './admit-machine.ts';

const OPTIONS = {
  networks: ['10.20.0.0/24', '10.20.1.0/24'],
  bmcNetworks: ['10.30.0.0/24', '2001:db8::/64'],
};

test('a caller is counted in the network that it is in', () => {
  assert.equal(networkOf(OPTIONS, '10.20.1.7'), '10.20.1.0/24');
  assert.equal(networkOf(OPTIONS, '::ffff:10.20.0.7'), '10.20.0.0/24');
  assert.equal(networkOf(OPTIONS, '10.21.0.7'), undefined);
  assert.equal(networkOf({ networks: [] }, '10.20.0.7'), undefined);
});

for (const [name, four, six, expected] of [
  ['an address that may be', '10.30.0.9', null, '10.30.0.9'],
  ['one elsewhere', '192.0.2.9', null, undefined],
  ['none', null, null, undefined],
  ['the word for none', '0.0.0.0', '::/0', undefined],
  ['a name', 'bmc.example.org', null, undefined],
  // Other spellings of the address of another machine's BMC.
  ['IPv4 in the clothes of IPv6', null, '::ffff:10.30.0.9', undefined],
  ['the same in hex', null, '0:0:0:0:0:ffff:a1e:9', undefined],
  ['zeros that can be left out', null, '2001:DB8:0:0::9', '2001:db8::9'],
  ['a zone', null, '2001:db8::9%eth0', undefined],
  ['an address with more behind it', '10.30.0.9/../', null, undefined],
] as const) {
  test(`the BMC of a machine that tells ${name}`, () => {
    const found = bmcAddressOf(OPTIONS, { bmc_address: four, bmc_v6address: six });

    assert.equal(found, expected);
  });
}
