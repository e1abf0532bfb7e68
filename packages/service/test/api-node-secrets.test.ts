// What becomes of the secrets that clients put into a node, and who is shown them.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { findNode } from '#store/nodes';

import type { NodeRecord } from '@bessemer/protocol/node/record';

import { type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  api = await openApi();
});
beforeEach(async () => {
  await api.parts.store.db.deleteFrom('node').execute();
});
after(() => api.close());

test('secrets of driver_info are stored sealed, through patches and masks that are written back', async () => {
  const node = await api.createNode({
    name: 'n1',
    driver_info: { redfish_password: 'CANARY', redfish_username: 'admin' },
  });
  const { store, conductor } = api.parts;
  const opened = async () => {
    const kept = await findNode(store.db, 'n1');
    assert.doesNotMatch(JSON.stringify(kept), /CANARY/);
    return conductor.openDriverInfo(kept as NodeRecord);
  };
  const patch = (path: string, value: unknown) =>
    api.ask('PATCH', '/v1/nodes/n1', { body: [{ op: 'add', path, value }] });

  const first = await opened();
  await patch('/driver_info/redfish_username', 'root');
  const second = await opened();
  await patch('/driver_info', {
    ...(node as { driver_info?: object }).driver_info,
    snmp_auth_key: 'CANARY2',
  });
  const third = await opened();
  await patch('/driver_info', { redfish_address: 'https://bmc' });

  assert.deepEqual(first, { redfish_password: 'CANARY', redfish_username: 'admin' });
  assert.deepEqual(second, { redfish_password: 'CANARY', redfish_username: 'root' });
  assert.deepEqual(third, {
    redfish_password: 'CANARY',
    redfish_username: 'admin',
    snmp_auth_key: 'CANARY2',
  });
  assert.equal((await findNode(store.db, 'n1'))?.driverSecrets, null);
});
