// What the store promises about volumes, shards and chassis, on both engines.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { deleteChassis, findChassis, insertChassis, updateChassis } from '#store/chassis';
import { Conflict, isConflictOn } from '#store/errors';
import { nodeOwnedConditions } from '#store/node-owned';
import { deleteNode } from '#store/nodes';
import { listShards } from '#store/shards';
import { volumeConnectors, volumeTargets } from '#store/volumes';

import { CHASSIS } from '@bessemer/protocol/chassis/fields';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { fieldNames, fieldOf, type ResourceTable } from '@bessemer/protocol/resource/fields';
import { VOLUME_CONNECTOR } from '@bessemer/protocol/volume/connector-fields';
import { VOLUME_TARGET } from '@bessemer/protocol/volume/target-fields';

import { makeNode, NOW_MS, onBothEngines } from './store-engines.ts';

const NOW = { nowMs: NOW_MS };

const sortColumns = <Name extends string>(table: ResourceTable<Name>): readonly string[] =>
  fieldNames(table).flatMap((name) => {
    const { isSortable, column } = fieldOf(table, name);
    return isSortable && column !== undefined ? [column] : [];
  });

const newConnector = (node: NodeRecord, connectorId: string = randomUUID()) => ({
  uuid: randomUUID() as string,
  nodeUuid: node.uuid,
  type: 'iqn',
  connectorId,
  extra: { a: [1] },
});

const newTarget = (node: NodeRecord, bootIndex: number) => ({
  uuid: randomUUID() as string,
  nodeUuid: node.uuid,
  volumeType: 'iscsi',
  volumeId: 'v1',
  bootIndex,
  properties: { target_portal: '10.0.0.1' },
  extra: {},
});

onBothEngines((store) => {
  test('a connector is there once for each type and id, and comes back as it was', async () => {
    const { db } = store();
    const [node, other] = [await makeNode(store()), await makeNode(store())];
    const first = newConnector(node);

    const made = await volumeConnectors.insert(db, first, NOW);

    assert.deepEqual(await volumeConnectors.find(db, first.uuid), made);
    assert.deepEqual(made.extra, { a: [1] });
    const taken = (error: unknown): boolean => isConflictOn(error, 'connector_id');
    await assert.rejects(
      volumeConnectors.insert(db, newConnector(other, first.connectorId), NOW),
      taken,
    );
    const second = await volumeConnectors.insert(db, newConnector(node), NOW);
    const { connectorId } = first;
    await assert.rejects(volumeConnectors.update(db, second, { connectorId }), taken);
    assert.equal(await volumeConnectors.update(db, second, { connectorId, type: 'ip' }), true);
    await assert.rejects(
      volumeConnectors.insert(db, { ...newConnector(node), uuid: first.uuid }, NOW),
      (error) => error instanceof Conflict && !taken(error) && isConflictOn(error, 'uuid'),
    );
  });

  test('a boot index is taken once in a node, and is free in the next', async () => {
    const { db } = store();
    const [node, other] = [await makeNode(store()), await makeNode(store())];
    const made = await volumeTargets.insert(db, newTarget(node, 0), NOW);

    await assert.rejects(volumeTargets.insert(db, newTarget(node, 0), NOW), (error) =>
      isConflictOn(error, 'boot_index'),
    );
    await volumeTargets.insert(db, newTarget(other, 0), NOW);

    assert.deepEqual(await volumeTargets.find(db, made.uuid), made);
    assert.equal(made.bootIndex, 0);
  });

  test('of two who change a target at once the second is told', async () => {
    const { db } = store();
    const made = await volumeTargets.insert(db, newTarget(await makeNode(store()), 0), NOW);

    assert.equal(await volumeTargets.update(db, made, { volumeId: 'v2' }), true);
    assert.equal(await volumeTargets.update(db, made, { extra: { a: 1 } }), false);

    const { volumeId, extra } = (await volumeTargets.find(db, made.uuid)) ?? {};
    assert.deepEqual([volumeId, extra], ['v2', {}]);
  });

  test('volumes are listed by what their node is, in every order, and go with it', async () => {
    const { db } = store();
    const project = randomUUID();
    const node = await makeNode(store(), { owner: project });
    await volumeConnectors.insert(db, newConnector(await makeNode(store())), NOW);
    const connector = await volumeConnectors.insert(db, newConnector(node), NOW);
    const targets = [
      await volumeTargets.insert(db, newTarget(node, 7), NOW),
      await volumeTargets.insert(db, newTarget(node, 3), NOW),
    ];
    const page = { limit: 10, marker: undefined, isDescending: false };

    for (const sortColumn of ['id', ...sortColumns(VOLUME_CONNECTOR)]) {
      const conditions = nodeOwnedConditions('volume_connector', { project });
      const found = await volumeConnectors.list(db, { ...page, sortColumn }, conditions);
      assert.deepEqual(found, [connector], sortColumn);
    }
    for (const sortColumn of ['id', ...sortColumns(VOLUME_TARGET)]) {
      const conditions = nodeOwnedConditions('volume_target', { nodeUuid: node.uuid });
      const whole = await volumeTargets.list(db, { ...page, sortColumn }, conditions);
      assert.equal(whole.length, 2, sortColumn);
      const marker = whole[0]?.uuid;
      const rest = await volumeTargets.list(db, { ...page, sortColumn, marker }, conditions);
      assert.deepEqual(rest, whole.slice(1), sortColumn);
    }

    await deleteNode(db, node.uuid, node);

    for (const { uuid } of targets) assert.equal(await volumeTargets.find(db, uuid), undefined);
    assert.equal(await volumeConnectors.find(db, connector.uuid), undefined);
  });

  test('shards are counted by the nodes that are in them', async () => {
    const shard = `shard-${randomUUID()}`;
    for (let count = 0; count < 50; count += 1) await makeNode(store(), { shard });
    await makeNode(store(), { shard: `${shard}-b` });
    await makeNode(store(), { shard: `${shard}-a` });

    const shards = await listShards(store().db);

    assert.deepEqual(shards[0], { name: shard, count: 50 });
    const small = shards.filter(({ name }) => name.startsWith(`${shard}-`));
    assert.deepEqual(small, [
      { name: `${shard}-a`, count: 1 },
      { name: `${shard}-b`, count: 1 },
    ]);
    assert.equal(shards.filter(({ name }) => name === 'None').length, 1);
  });

  test('a chassis is changed by one writer at a time, and stays while nodes are in it', async () => {
    const { db } = store();
    const uuid: string = randomUUID();
    const made = await insertChassis(db, { uuid, description: 'old', extra: {} }, NOW);

    assert.equal(await updateChassis(db, made, { description: 'new' }), true);
    assert.equal(await updateChassis(db, made, { extra: { a: 1 } }), false);
    assert.equal((await findChassis(db, uuid))?.description, 'new');
    assert.deepEqual(sortColumns(CHASSIS), ['uuid', 'description', 'created_at', 'updated_at']);

    const node = await makeNode(store(), { chassisUuid: uuid });
    assert.equal(await deleteChassis(db, uuid), 'occupied');
    await deleteNode(db, node.uuid, node);
    assert.equal(await deleteChassis(db, uuid), 'deleted');
    assert.equal(await deleteChassis(db, uuid), 'absent');
  });
});
