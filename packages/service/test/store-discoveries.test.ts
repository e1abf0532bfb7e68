// Nodes that the service made by itself, on every engine.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  countDiscoveries,
  countWaitingDiscoveries,
  findDiscovery,
  insertDiscovery,
  listAddressedNodes,
} from '#store/discoveries';
import { deleteNode, updateNode } from '#store/nodes';

import { makeNode, NOW_MS, onBothEngines } from './store-engines.ts';

const NETWORK = '192.0.2.0/24';
const HOUR_MS = 3_600_000;

onBothEngines((store) => {
  const discover = async (network = NETWORK, foundMs = NOW_MS) => {
    const node = await makeNode(store(), { provisionState: 'enroll' });
    const { uuid: nodeUuid } = node;
    await insertDiscovery(store().db, { nodeUuid, network, source: '192.0.2.9', foundMs });
    return node;
  };

  test('what was found within the hour is counted per network, deleted or not', async () => {
    const { db } = store();
    const node = await discover('198.51.100.0/24');
    await discover('198.51.100.0/24', NOW_MS - HOUR_MS);
    await discover('203.0.113.0/24');

    await deleteNode(db, node.uuid, node);

    assert.equal(await countDiscoveries(db, '198.51.100.0/24', NOW_MS - HOUR_MS), 1);
    assert.equal((await findDiscovery(db, node.uuid))?.source, '192.0.2.9');
  });

  test('what waits is what is still in enroll and still there', async () => {
    const { db } = store();
    const before = await countWaitingDiscoveries(db);
    const [taken, deleted] = [await discover(), await discover(), await discover()];

    await updateNode(db, taken.uuid, { provisionState: 'manageable' });
    await deleteNode(db, deleted.uuid, deleted);

    assert.equal(await countWaitingDiscoveries(db), before + 1);
  });

  test('nodes that have an address are listed, page by page', async () => {
    const { db } = store();
    await makeNode(store(), { driverInfo: { note: 'nowhere' } });
    const addressed = [
      await makeNode(store(), { driverInfo: { ipmi_address: '192.0.2.77' } }),
      await makeNode(store(), { driverInfo: { redfish_address: 'https://bmc-7' } }),
      await makeNode(store(), { driverInfo: { ipmi_address: '2001:DB8::77' } }),
    ];

    const first = await listAddressedNodes(db, '', 2);
    const rest = await listAddressedNodes(db, first.at(-1)?.nodeUuid ?? '', 10);

    const listed = [...first, ...rest];
    assert.equal(first.length, 2);
    assert.deepEqual(
      listed.map(({ nodeUuid }) => nodeUuid as string),
      addressed.map(({ uuid }) => uuid as string).toSorted(),
    );
    assert.ok(listed.some(({ driverInfo }) => driverInfo['redfish_address'] === 'https://bmc-7'));
  });
});
