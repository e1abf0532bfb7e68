import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeAddressRules } from './address-rules.ts';

const DEFAULT = { allowedNetworks: null, allowedPorts: [443], isLoopbackAllowed: false };

for (const address of [
  '127.0.0.1',
  '127.77.3.4',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0.0.0.0',
  '169.254.169.254',
  '::ffff:169.254.169.254',
  'fe80::1',
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
  '::',
]) {
  test(`${address} is not taken for a BMC`, () => {
    assert.notEqual(makeAddressRules(DEFAULT).objection(address), undefined);
  });
}

for (const address of ['10.1.2.3', '192.168.0.120', '203.0.113.9', '2001:db8::7', 'fd00::7']) {
  test(`${address} may be a BMC`, () => {
    assert.equal(makeAddressRules(DEFAULT).objection(address), undefined);
  });
}

test('a list of networks is the whole rule', () => {
  const rules = makeAddressRules({ ...DEFAULT, allowedNetworks: ['10.8.0.0/16', '127.0.0.1'] });

  assert.equal(rules.objection('10.8.4.4'), undefined);
  assert.equal(rules.objection('127.0.0.1'), undefined);
  assert.match(rules.objection('127.0.0.2') ?? '', /allowed_networks/);
  assert.match(rules.objection('10.9.0.1') ?? '', /allowed_networks/);
});

test('loopback passes when simulators are allowed there, on any port', () => {
  const rules = makeAddressRules({ ...DEFAULT, isLoopbackAllowed: true });

  assert.equal(rules.objection('127.0.0.1'), undefined);
  assert.equal(rules.portObjection('127.0.0.1', 38_123), undefined);
});

test('other ports than the listed are refused', () => {
  const rules = makeAddressRules(DEFAULT);

  assert.equal(rules.portObjection('10.0.0.1', 443), undefined);
  assert.match(rules.portObjection('10.0.0.1', 22) ?? '', /allowed_ports/);
});

test('a network that is none is named', () => {
  assert.throws(
    () => makeAddressRules({ ...DEFAULT, allowedNetworks: ['10.0.0.0/x'] }),
    /10\.0\.0\.0\/x/,
  );
});
