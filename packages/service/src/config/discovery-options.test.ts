import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkSettings } from './check-settings.ts';
import { discoveryOptions } from './discovery-options.ts';
import { loadConfig } from './load.ts';
import { ConfigInvalid } from './setting.ts';

const load = (more: { readonly [key: string]: string }) => {
  const overrides = Object.entries(more).map(([key, value]) => `auto_discovery.${key}=${value}`);
  return loadConfig({ file: undefined, environment: {}, overrides });
};

const ON = { enabled: 'true', allowed_networks: '10.20.0.0/24', bmc_networks: '10.30.0.0/24' };

test('nothing is discovered unless it was asked for', async () => {
  assert.equal(discoveryOptions((await load({})).settings), undefined);
});

test('what is asked for is as it was said', async () => {
  const driverInfo = 'ipmi_port=6230,ipmi_cipher_suite=3';
  const { settings } = await load({ ...ON, driver_info: driverInfo, nodes_per_hour: '7' });

  assert.deepEqual(discoveryOptions(settings), {
    driver: 'ipmi',
    driverInfo: { ipmi_port: '6230', ipmi_cipher_suite: '3' },
    networks: ['10.20.0.0/24'],
    bmcNetworks: ['10.30.0.0/24'],
    perHourMax: 7,
    waitingMax: 200,
  });
});

for (const [name, change, text] of [
  ['no network of machines', { allowed_networks: '' }, /needs auto_discovery\.allowed_networks/],
  ['no network of BMCs', { bmc_networks: '' }, /needs auto_discovery\.bmc_networks/],
  ['a network that is none', { allowed_networks: '10.20.0.0/33' }, /not an address or a CIDR/],
  ['a password for all', { driver_info: 'ipmi_password=calvin' }, /ipmi_password is not taken/],
  [
    'a user name for all',
    { driver_info: 'redfish_username=root' },
    /redfish_username is not taken/,
  ],
  ['something else than pairs', { driver_info: 'ipmi_port' }, /is not KEY=VALUE/],
] as const) {
  test(`the service does not start with ${name}`, async () => {
    const loaded = await load({ ...ON, ...change });

    assert.throws(
      () => checkSettings(loaded),
      (error: unknown) => error instanceof ConfigInvalid && text.test(error.message),
    );
  });
}
