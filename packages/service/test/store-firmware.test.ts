// Settings and versions of firmware, on every engine.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { listBiosSettings, replaceBiosSettings } from '#store/bios-settings';
import { listFirmware, replaceFirmware } from '#store/firmware-components';
import { deleteNode } from '#store/nodes';

import { makeNode, NOW_MS, onBothEngines } from './store-engines.ts';

const LATER_MS = NOW_MS + 1_000;
const LATER = '2026-11-21T12:00:01.000000+00:00';

const facts = (component: string, version: string) => ({
  component,
  current_version: version,
  vendor: null,
  model: 'M1',
  serial_number: null,
});

onBothEngines((store) => {
  test('a setting keeps its times until it changes', async () => {
    const { uuid } = await makeNode(store());
    const { db } = store();
    const setting = (name: string, value: string) => ({ name, value, registry: { unique: null } });

    await replaceBiosSettings(db, uuid, [setting('B', '1'), setting('A', '1')], NOW_MS);
    await replaceBiosSettings(db, uuid, [setting('A', '2'), setting('C', '1')], LATER_MS);
    await replaceBiosSettings(db, uuid, [setting('A', '2'), setting('C', '1')], LATER_MS + 1);
    const settings = await listBiosSettings(db, uuid);

    assert.deepEqual(
      settings.map(({ name, value, updatedAt }) => [name, value, updatedAt]),
      [
        ['A', '2', LATER],
        ['C', '1', null],
      ],
    );
    assert.deepEqual(settings[0]?.registry, { unique: null });
  });

  test('a version that changed was flashed', async () => {
    const { uuid } = await makeNode(store());
    const { db } = store();

    await replaceFirmware(db, uuid, [facts('bmc', '1'), facts('bios', '1')], NOW_MS);
    await replaceFirmware(db, uuid, [facts('bmc', '2'), facts('nic:1', '1')], LATER_MS);
    const rows = await listFirmware(db, uuid);

    assert.deepEqual(
      rows.map((row) => [
        row.component,
        row.initial_version,
        row.current_version,
        row.last_version_flashed,
        row.updated_at,
      ]),
      [
        ['bmc', '1', '2', '2', LATER],
        ['nic:1', '1', '1', null, null],
      ],
    );
  });

  test('what is known of a node goes with it', async () => {
    const node = await makeNode(store());
    const { db } = store();
    await replaceFirmware(db, node.uuid, [facts('bmc', '1')], NOW_MS);
    await replaceBiosSettings(db, node.uuid, [{ name: 'A', value: null, registry: {} }], NOW_MS);

    await deleteNode(db, node.uuid, node);

    assert.deepEqual(await listFirmware(db, node.uuid), []);
    assert.deepEqual(await listBiosSettings(db, node.uuid), []);
  });
});
