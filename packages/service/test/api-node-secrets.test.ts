// What becomes of the secrets that clients put into a node, and who is shown them.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import type { ApiParts } from '#api/api-parts';
import { findNode, updateNode } from '#store/nodes';

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

/** Everybody passes the rule. */
const openShowing = async (options: Partial<ApiParts['options']> = {}): Promise<Api> => {
  const directory = mkdtempSync(join(tmpdir(), 'bessemer-showing-'));
  const file = join(directory, 'policy.yaml');
  writeFileSync(file, '"show_password": ""\n');
  const showing = await openApi({ policy: { files: [file], isFileNeeded: true }, api: options });
  rmSync(directory, { recursive: true, force: true });
  return showing;
};

test('passwords that a rule shows are told of, once a request, and not where there are none to see', async () => {
  const seeing = await openShowing();
  try {
    for (const name of ['n1', 'n2']) {
      await seeing.createNode({ name, driver_info: { redfish_password: 'CANARY' } });
    }
    const kept = { redfish_password: 'bmc-secret:a#w-1' };
    const { uuid } = await seeing.createNode({ name: 'kept' });
    // As a rotation does it; no client may.
    const node = (await findNode(seeing.parts.store.db, uuid)) as NodeRecord;
    const info = await seeing.conductor.keepDriverInfo(node.uuid, kept);
    await updateNode(seeing.parts.store.db, node.uuid, info);
    seeing.conductor.events.length = 0;

    const one = await seeing.ask('GET', '/v1/nodes/n1');
    const all = await seeing.ask('GET', '/v1/nodes/detail');
    await seeing.ask('GET', '/v1/nodes/kept');

    assert.match(one.text, /CANARY/);
    assert.match(all.text, /CANARY.*CANARY/s);
    const told = seeing.conductor.events.map(({ name, nodeUuid, detail }) => [
      name,
      nodeUuid !== undefined,
      detail?.['nodes'],
    ]);
    assert.deepEqual(told, [
      ['bmc.reveal', true, 1],
      ['bmc.reveal', false, 2],
    ]);
    assert.doesNotMatch(JSON.stringify(seeing.conductor.events), /CANARY/);
  } finally {
    await seeing.close();
  }
});

test('no rule shows passwords where the configuration forbids it', async () => {
  const hiding = await openShowing({ isShowPasswordAllowed: false });
  try {
    await hiding.createNode({ name: 'n1', driver_info: { redfish_password: 'CANARY' } });

    assert.doesNotMatch((await hiding.ask('GET', '/v1/nodes/n1')).text, /CANARY/);
  } finally {
    await hiding.close();
  }
});
