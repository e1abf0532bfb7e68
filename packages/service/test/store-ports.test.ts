// Port groups, what ports are listed by, held nodes and VIFs, on every engine.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import type { Store } from '#store/database';
import { isConflictOn } from '#store/errors';
import { holdNode, holdNodes } from '#store/held-node';
import { deleteNode } from '#store/nodes';
import {
  deletePortgroup,
  findPortgroup,
  insertPortgroup,
  listPortgroups,
  type NewPortgroup,
  updatePortgroup,
} from '#store/portgroups';
import { findPort, insertPort, listPorts, listPortsOfPortgroup, type NewPort } from '#store/ports';
import { listVifHolders, putVif, releaseVifs } from '#store/vifs';

import { attachedVif } from '@bessemer/protocol/port/attached-vif';
import type { PortRecord } from '@bessemer/protocol/port/record';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';
import type { NodeUuid, PortgroupUuid, PortUuid } from '@bessemer/protocol/uuid';

import { makeNode, NOW_MS, onBothEngines, RIVALS } from './store-engines.ts';

const NOW = { nowMs: NOW_MS };
const LATER = '2026-11-21T12:00:01.000000+00:00';
const PAGE = { limit: 100, marker: undefined, sortColumn: 'id', isDescending: false };

let addressesMade = 0;
const newAddress = (): string => {
  addressesMade += 1;
  return `52:54:00:bb:cc:${addressesMade.toString(16).padStart(2, '0')}`;
};

onBothEngines((store) => {
  const makePort = (nodeUuid: NodeUuid, more: Partial<NewPort> = {}): Promise<PortRecord> =>
    insertPort(
      store().db,
      { uuid: randomUUID() as PortUuid, nodeUuid, address: newAddress(), ...more },
      NOW,
    );
  const makeGroup = (
    nodeUuid: NodeUuid,
    more: Partial<NewPortgroup> = {},
  ): Promise<PortgroupRecord> =>
    insertPortgroup(store().db, { uuid: randomUUID() as PortgroupUuid, nodeUuid, ...more }, NOW);

  test('a group is read back as it was written, by UUID in capitals and by name', async () => {
    const node = await makeNode(store());
    const name = `g-${randomUUID()}`;
    const made = await makeGroup(node.uuid, {
      name,
      address: newAddress(),
      mode: '802.3ad',
      properties: { miimon: '100' },
      extra: { a: [1, null] },
      internalInfo: { b: 'c' },
      standalonePortsSupported: false,
      physicalNetwork: 'physnet1',
      category: 'fast',
      dynamicPortgroup: true,
    });

    assert.deepEqual(await findPortgroup(store().db, made.uuid.toUpperCase()), made);
    assert.deepEqual(await findPortgroup(store().db, name), made);
    assert.deepEqual(
      [made.mode, made.standalonePortsSupported, made.dynamicPortgroup, made.extra],
      ['802.3ad', false, true, { a: [1, null] }],
    );
  });

  test('a group of which nothing was said has the defaults', async () => {
    const node = await makeNode(store());

    const made = await makeGroup(node.uuid);

    assert.deepEqual(
      [made.name, made.address, made.mode, made.standalonePortsSupported, made.dynamicPortgroup],
      [null, null, 'active-backup', true, false],
    );
  });

  test('a second group of the same name or address is a conflict that names the column', async () => {
    const node = await makeNode(store());
    const [name, address] = [`g-${randomUUID()}`, newAddress()];
    await makeGroup(node.uuid, { name, address });

    await assert.rejects(makeGroup(node.uuid, { name }), (error) => isConflictOn(error, 'name'));
    await assert.rejects(makeGroup(node.uuid, { address }), (error) =>
      isConflictOn(error, 'address'),
    );
  });

  test('a group that somebody else changed in the same instant is not changed', async () => {
    const node = await makeNode(store());
    const group = await makeGroup(node.uuid);

    const first = await updatePortgroup(store().db, group, { mode: '802.3ad', updatedAt: LATER });
    const second = await updatePortgroup(store().db, group, { mode: 'other', updatedAt: LATER });

    assert.deepEqual([first, second], [true, false]);
    assert.equal((await findPortgroup(store().db, group.uuid))?.mode, '802.3ad');
  });

  test('lists go by owner and lessee, shard and conductor group of the node, and by address', async () => {
    const project = `project-${randomUUID()}`;
    const shard = `shard-${randomUUID()}`;
    const nodes = {
      owned: await makeNode(store(), { owner: project, shard }),
      leased: await makeNode(store(), { lessee: project, conductorGroup: shard }),
      foreign: await makeNode(store(), { owner: 'somebody', shard }),
    };
    const groups: { [node: string]: string } = {};
    const ports: { [node: string]: string } = {};
    for (const [name, { uuid }] of Object.entries(nodes)) {
      groups[(await makeGroup(uuid)).uuid] = name;
      ports[(await makePort(uuid)).uuid] = name;
    }

    const cases = [
      [{ project }, ['owned', 'leased']],
      [{ shards: [shard] }, ['owned', 'foreign']],
      [{ project, shards: [shard, 'none'] }, ['owned']],
      [{ conductorGroups: [shard] }, ['leased']],
      [{ nodeUuid: nodes.foreign.uuid }, ['foreign']],
      [{ nodeUuid: nodes.foreign.uuid, project }, []],
      [{ shards: [] }, []],
      [{ address: '00:00:00:00:00:00' }, []],
    ] as const;
    for (const [filters, expected] of cases) {
      const what = JSON.stringify(filters);
      const listedGroups = await listPortgroups(store().db, filters, PAGE);
      const listedPorts = await listPorts(store().db, filters, PAGE);
      assert.deepEqual(
        listedGroups.map(({ uuid }) => groups[uuid]),
        expected,
        what,
      );
      assert.deepEqual(
        listedPorts.map(({ uuid }) => ports[uuid]),
        expected,
        what,
      );
    }
  });

  test('ports are listed by their group', async () => {
    const node = await makeNode(store());
    const group = await makeGroup(node.uuid);
    const member = await makePort(node.uuid, { portgroupUuid: group.uuid });
    await makePort(node.uuid);

    assert.deepEqual(await listPortsOfPortgroup(store().db, group.uuid), [member]);
    assert.deepEqual(await listPorts(store().db, { portgroupUuid: group.uuid }, PAGE), [member]);
  });

  test('of rivals that hold the same node one goes on after the other', async () => {
    const node = await makeNode(store());
    const port = await makePort(node.uuid);
    const count = async (each: Store): Promise<void> =>
      each.transaction(async (transaction) => {
        await holdNode(transaction, node.uuid);
        const before = await findPort(transaction, port.uuid);
        const seen = Number(before?.extra['count'] ?? 0);
        await transaction
          .updateTable('port')
          .set({ extra: JSON.stringify({ count: seen + 1 }) })
          .where('uuid', '=', port.uuid)
          .execute();
      });

    await Promise.all(Array.from({ length: RIVALS }, () => count(store())));

    assert.deepEqual((await findPort(store().db, port.uuid))?.extra, { count: RIVALS });
  });

  test('rivals that hold the same two nodes do not wait for each other for ever', async () => {
    const nodes = [(await makeNode(store())).uuid, (await makeNode(store())).uuid];

    const held = await Promise.all(
      Array.from({ length: RIVALS }, (_, rival) =>
        store().transaction((transaction) =>
          holdNodes(transaction, rival % 2 === 0 ? nodes : nodes.toReversed()),
        ),
      ),
    );

    assert.ok(held.every((each) => each.size === 2));
  });

  test('a node that is not there cannot be held', async () => {
    const held = await store().transaction((transaction) => holdNode(transaction, randomUUID()));

    assert.equal(held, undefined);
  });

  test('VIFs of a node are released together, and nothing else of its ports is lost', async () => {
    const [node, other] = [await makeNode(store()), await makeNode(store())];
    await makePort(node.uuid, { internalInfo: { kept: true } });
    await makeGroup(node.uuid);
    await makePort(other.uuid);
    for (const { uuid } of [node, other]) {
      for (const holder of await listVifHolders(store().db, uuid)) {
        assert.equal(await putVif(store().db, holder, `vif of ${holder.kind}`, LATER), true);
      }
    }

    await releaseVifs(store().db, node.uuid, LATER);

    const left = async (uuid: NodeUuid): Promise<unknown> =>
      (await listVifHolders(store().db, uuid)).map(({ record }) => attachedVif(record));
    assert.deepEqual(await left(node.uuid), [undefined, undefined]);
    assert.deepEqual(await left(other.uuid), ['vif of port']);
    const [port] = await listVifHolders(store().db, node.uuid);
    assert.deepEqual(port?.record.internalInfo, { kept: true });
  });

  test('a deleted node takes its groups along', async () => {
    const node = await makeNode(store());
    const group = await makeGroup(node.uuid);

    await store().transaction((transaction) => deleteNode(transaction, node.uuid, node));

    assert.equal(await findPortgroup(store().db, group.uuid), undefined);
    assert.equal(await deletePortgroup(store().db, group.uuid), false);
  });
});
