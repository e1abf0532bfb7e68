// A machine with an IPMI BMC as clients of the API enrol it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { findNode } from '#store/nodes';

import { openApi, type Api } from './api/with-api.ts';

const KEY = 'ca'.repeat(20);

let api: Api;

before(async () => {
  api = await openApi();
});

after(() => api.close());

const bodyOf = (answer: { readonly body: unknown }) =>
  answer.body as { readonly [key: string]: unknown };

test('password and key of the BMC are stored sealed, and shown to nobody', async () => {
  await api.createNode({
    name: 'sealed',
    driver: 'ipmi',
    driver_info: { ipmi_username: 'admin', ipmi_password: 'CANARY', ipmi_hex_kg_key: KEY },
  });

  const kept = await findNode(api.parts.store.db, 'sealed');
  const shown = bodyOf(await api.ask('GET', '/v1/nodes/sealed'));

  assert.deepEqual(shown['driver_info'], {
    ipmi_username: 'admin',
    ipmi_password: '******',
    ipmi_hex_kg_key: '******',
  });
  assert.doesNotMatch(JSON.stringify(kept), new RegExp(`CANARY|${KEY}`));
  assert.ok(kept !== undefined);
  assert.deepEqual(await api.parts.conductor.openDriverInfo(kept), {
    ipmi_username: 'admin',
    ipmi_password: 'CANARY',
    ipmi_hex_kg_key: KEY,
  });
});

test('the keys that clients know are listed', async () => {
  const properties = bodyOf(await api.ask('GET', '/v1/drivers/ipmi/properties'));

  for (const key of [
    'ipmi_address',
    'ipmi_port',
    'ipmi_username',
    'ipmi_password',
    'ipmi_priv_level',
    'ipmi_cipher_suite',
    'ipmi_hex_kg_key',
    'ipmi_bridging',
    'ipmi_local_address',
    'ipmi_target_address',
    'ipmi_target_channel',
    'ipmi_transit_address',
    'ipmi_transit_channel',
    'ipmi_protocol_version',
    'ipmi_force_boot_device',
    'ipmi_disable_boot_timeout',
    'ipmi_terminal_port',
    'deploy_kernel',
    'deploy_ramdisk',
  ]) {
    assert.equal(typeof properties[key], 'string', key);
  }
});
