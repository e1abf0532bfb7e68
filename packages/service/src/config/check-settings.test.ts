import assert from 'node:assert/strict';
import { test } from 'node:test';

import { agentListenerOptions } from './agent-listener-options.ts';
import { checkSettings } from './check-settings.ts';
import { type LoadedConfig, loadConfig } from './load.ts';
import { ConfigInvalid } from './setting.ts';

const load = (...overrides: readonly string[]): Promise<LoadedConfig> =>
  loadConfig({ file: undefined, environment: {}, overrides });

test('both names of the switch of the agent API may not say opposite things', async () => {
  for (const [disable, enable] of [
    ['true', 'true'],
    ['false', 'false'],
  ]) {
    const loaded = await load(
      `api.disable_agent_api=${disable}`,
      `api.enable_ramdisk_endpoints=${enable}`,
    );
    assert.throws(
      () => checkSettings(loaded),
      (error: Error) =>
        error instanceof ConfigInvalid &&
        /api\.disable_agent_api/.test(error.message) &&
        /api\.enable_ramdisk_endpoints/.test(error.message),
    );
  }
});

test('either name of the switch is enough, and without agent API its listener stays shut unless it is named', async () => {
  for (const [overrides, isDisabled, isOpen] of [
    [[], false, true],
    [['api.disable_agent_api=true'], true, false],
    [['api.enable_ramdisk_endpoints=false'], true, false],
    [['api.disable_agent_api=true', 'api.enable_ramdisk_endpoints=false'], true, false],
    [['api.disable_agent_api=true', 'agent.listen=127.0.0.1:6386'], true, true],
  ] as const) {
    const loaded = await load(...overrides);
    const options = agentListenerOptions(loaded, '127.0.0.1');

    assert.deepEqual(checkSettings(loaded), []);
    assert.deepEqual([options.isDisabled, options.isOpen], [isDisabled, isOpen], overrides.join());
  }
});

test('require_agent_token is taken, warned of once, and does nothing', async () => {
  const loaded = await load('DEFAULT.require_agent_token=false');
  const warnings = checkSettings(loaded);

  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /require_agent_token has no effect/);
  assert.deepEqual(checkSettings(await load()), []);
});

test('a region of Keystone is taken and warned of', async () => {
  const warnings = checkSettings(await load('keystone_authtoken.region_name=RegionOne'));

  assert.match(warnings.join(), /keystone_authtoken\.region_name has no effect: .*auth_url/);
});

test('networks that are none are refused by their key', async () => {
  for (const key of ['allowed_networks', 'trusted_proxies', 'poll_networks']) {
    for (const text of [
      '10.0.0.0/33',
      'example.org',
      '10.0.0.0/8/8',
      '2001:db8::/129',
      '10.0.0/8',
    ]) {
      const loaded = await load(`agent.${key}=${text}`);
      assert.throws(() => checkSettings(loaded), new RegExp(`agent\\.${key}: "`), text);
    }
    assert.deepEqual(checkSettings(await load(`agent.${key}=10.0.0.0/8,2001:db8::/32`)), []);
  }
});

test('limits are switched off as a whole, connections with them', async () => {
  const on = agentListenerOptions(await load(), '127.0.0.1');
  const off = agentListenerOptions(await load('agent.rate_limits=off'), '127.0.0.1');

  assert.equal(on.limits?.lookupsPerSecond, 200);
  assert.equal(on.connectionsPerSource, 8);
  assert.deepEqual([off.limits, off.connectionsPerSource], [undefined, undefined]);
});

test('a lab on loopback may be called from loopback whatever networks are listed', async () => {
  const loaded = await load('agent.allowed_networks=192.0.2.0/24');

  assert.deepEqual(agentListenerOptions(loaded, '127.0.0.1').allowedNetworks, [
    '192.0.2.0/24',
    '127.0.0.0/8',
    '::1/128',
  ]);
  assert.deepEqual(agentListenerOptions(loaded, '192.0.2.1').allowedNetworks, ['192.0.2.0/24']);
});
