// Nodes, ports, chassis, conductors and settings, on every engine.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { deleteChassis, insertChassis, listChassis } from '#store/chassis';
import {
  findConductor,
  listConductors,
  registerConductor,
  touchConductor,
} from '#store/conductors';
import { isConflictOn } from '#store/errors';
import { addHistory, listHistory } from '#store/history';
import { claimLease } from '#store/leases';
import { findNodeView, listNodeViews } from '#store/node-views';
import { deleteNode, findNode, findNodeByInstance, updateNode } from '#store/nodes';
import { MarkerUnknown } from '#store/paging';
import {
  deletePort,
  findPort,
  insertPort,
  listPortsByAddress,
  listPortsOfNode,
  updatePort,
} from '#store/ports';
import { findSetting, keepSetting, putSetting } from '#store/settings';

import type { PortUuid } from '@bessemer/protocol/uuid';

import { makeNode, NOW_MS, onBothEngines, RIVALS } from './store-engines.ts';

const NOW = { nowMs: NOW_MS };
let addressesMade = 0;
const newAddress = (): string => {
  addressesMade += 1;
  return `52:54:00:aa:bb:${addressesMade.toString(16).padStart(2, '0')}`;
};
const newPortUuid = (): PortUuid => randomUUID() as PortUuid;

onBothEngines((store) => {
  describe('nodes', () => {
    test('a node is read back as it was written, flags, maps and nulls included', async () => {
      const made = await makeNode(store(), {
        name: `n-${randomUUID()}`,
        extra: { nested: { list: [1, 'two', null] }, ünïcode: '🚂' },
        driverInfo: { redfish_password: '******', redfish_address: 'https://bmc' },
        driverSecrets: 'sealed',
        maintenance: true,
        automatedClean: false,
        secureBoot: null,
      });

      const found = await findNode(store().db, made.uuid);

      assert.deepEqual(found, made);
      assert.equal(found?.maintenance, true);
      assert.equal(found?.automatedClean, false);
      assert.equal(found?.secureBoot, null);
      assert.deepEqual(found?.extra, { nested: { list: [1, 'two', null] }, ünïcode: '🚂' });
      assert.equal(typeof found?.id, 'number');
    });

    test('a node is found by its name, by its UUID in capitals and by its instance', async () => {
      const instanceUuid = randomUUID();
      const made = await makeNode(store(), { name: `n-${randomUUID().slice(0, 8)}`, instanceUuid });

      const found = await Promise.all([
        findNode(store().db, made.name ?? ''),
        findNode(store().db, made.uuid.toUpperCase()),
        findNodeByInstance(store().db, instanceUuid),
      ]);

      assert.deepEqual(
        found.map((node) => node?.uuid),
        [made.uuid, made.uuid, made.uuid],
      );
    });

    test('a second node of the same name is a conflict that names the column', async () => {
      const name = `n-${randomUUID()}`;
      await makeNode(store(), { name });

      await assert.rejects(makeNode(store(), { name }), (error) => isConflictOn(error, 'name'));
    });

    test('of rivals that change a node from the same value only one succeeds', async () => {
      const node = await makeNode(store(), { provisionState: 'available' });

      const results = await Promise.all(
        Array.from({ length: RIVALS }, (_, rival) =>
          updateNode(
            store().db,
            node.uuid,
            { provisionState: 'deploying', description: `rival ${rival}` },
            { where: { provisionState: 'available', targetProvisionState: null } },
          ),
        ),
      );

      assert.equal(results.filter(Boolean).length, 1);
    });

    test('a write with an older fence changes nothing', async () => {
      const node = await makeNode(store());
      const claim = { owner: 'one', nowMs: NOW_MS, leaseMs: 1_000 };
      const first = await claimLease(store().db, node.uuid, claim);
      const second = await claimLease(store().db, node.uuid, {
        ...claim,
        owner: 'two',
        nowMs: NOW_MS + 5_000,
      });
      assert.ok(first !== undefined && second !== undefined);

      const late = await updateNode(store().db, node.uuid, { lastError: 'late' }, { fence: first });
      const rightful = await updateNode(
        store().db,
        node.uuid,
        { lastError: 'rightful' },
        { fence: second },
      );

      assert.deepEqual([late, rightful], [false, true]);
      assert.equal((await findNode(store().db, node.uuid))?.lastError, 'rightful');
    });

    test('a node that changed meanwhile is not deleted; deleting one takes all that belongs to it', async () => {
      const node = await makeNode(store());
      await insertPort(
        store().db,
        { uuid: newPortUuid(), nodeUuid: node.uuid, address: newAddress() },
        NOW,
      );
      const line = { conductor: 'c', severity: 'INFO', event: 'e', eventType: 't' } as const;
      await addHistory(store().db, node.uuid, line, NOW_MS);

      const changed = await store().transaction((trx) =>
        deleteNode(trx, node.uuid, { ...node, maintenance: true }),
      );
      const deleted = await store().transaction((trx) => deleteNode(trx, node.uuid, node));

      assert.deepEqual([changed, deleted], [false, true]);
      assert.equal(await findNode(store().db, node.uuid), undefined);
      assert.deepEqual(await listPortsOfNode(store().db, node.uuid), []);
      assert.deepEqual(await listHistory(store().db, node.uuid), []);
    });

    test('a transaction that fails leaves nothing', async () => {
      const node = await makeNode(store());

      const attempt = store().transaction(async (trx) => {
        await updateNode(trx, node.uuid, { description: 'half' });
        throw new Error('power cut');
      });

      await assert.rejects(attempt, /power cut/);
      assert.equal((await findNode(store().db, node.uuid))?.description, null);
    });

    test('a password in clear is not taken, when a node is made nor when it is changed', async () => {
      const driverInfo = { redfish_password: 'hunter2', redfish_address: 'https://bmc' };
      const made = await makeNode(store());

      await assert.rejects(makeNode(store(), { driverInfo }), /secret in clear/);
      await assert.rejects(updateNode(store().db, made.uuid, { driverInfo }), /secret in clear/);
      assert.deepEqual((await findNode(store().db, made.uuid))?.driverInfo, {});
    });

    test('what is shown of a node has no secret of its instance in it', async () => {
      const made = await makeNode(store(), {
        instanceInfo: { image_pull_secret: 'hunter2', image_source: 'https://images' },
      });

      const view = await findNodeView(store().db, made.uuid, ['uuid', 'instance_info']);

      assert.doesNotMatch(JSON.stringify(view), /hunter2/);
      assert.match(String(view?.instance_info), /https:\/\/images/);
    });

    test('pages follow each other without a gap and without a repetition, nulls first', async () => {
      const resourceClass = `class-${randomUUID()}`;
      const descriptions = ['b', null, 'a', 'b', null, 'c', 'a'];
      for (const description of descriptions) {
        await makeNode(store(), {
          resourceClass,
          ...(description === null ? {} : { description }),
        });
      }

      for (const isDescending of [false, true]) {
        const seen: (string | null)[] = [];
        const uuids = new Set<string>();
        let marker: string | undefined;
        for (let page = 0; page < descriptions.length; page += 1) {
          const views = await listNodeViews(
            store().db,
            ['uuid', 'description'],
            { resourceClass },
            { limit: 2, marker, sortColumn: 'description', isDescending },
          );
          for (const view of views) {
            seen.push(view.description);
            uuids.add(view.uuid);
          }
          marker = views.at(-1)?.uuid;
          if (views.length < 2) break;
        }
        const ascending = [null, null, 'a', 'a', 'b', 'b', 'c'];
        assert.deepEqual(seen, isDescending ? ascending.toReversed() : ascending);
        assert.equal(uuids.size, descriptions.length);
      }
    });

    test('a marker that is not there is said so', async () => {
      const page = { limit: 2, marker: randomUUID(), sortColumn: 'id', isDescending: false };

      await assert.rejects(listNodeViews(store().db, ['uuid'], {}, page), MarkerUnknown);
    });

    test('a search in descriptions ignores case and takes wildcards literally', async () => {
      const resourceClass = `class-${randomUUID()}`;
      const page = { limit: 10, marker: undefined, sortColumn: 'id', isDescending: false };
      await makeNode(store(), { resourceClass, description: 'Rack 100% full' });
      await makeNode(store(), { resourceClass, description: 'rack 1000 full' });

      const views = await listNodeViews(
        store().db,
        ['uuid', 'description'],
        { resourceClass, descriptionContains: 'rack 100% F' },
        page,
      );

      assert.deepEqual(
        views.map((view) => view.description),
        ['Rack 100% full'],
      );
    });
  });

  describe('ports', () => {
    test('a port is read back as it was written, its address in lower case', async () => {
      const node = await makeNode(store());
      const address = newAddress();
      const made = await insertPort(
        store().db,
        {
          uuid: newPortUuid(),
          nodeUuid: node.uuid,
          address: address.toUpperCase(),
          localLinkConnection: { switch_id: 'aa', port_id: 'Eth1' },
        },
        NOW,
      );

      assert.equal(made.address, address);
      assert.deepEqual(await findPort(store().db, made.uuid), made);
      assert.deepEqual(await listPortsByAddress(store().db, [address, '00:00:00:00:00:00']), [
        made,
      ]);
      assert.deepEqual(await listPortsByAddress(store().db, []), []);
    });

    test('of rivals that enrol the same address only one succeeds', async () => {
      const node = await makeNode(store());
      const address = newAddress();

      const results = await Promise.allSettled(
        Array.from({ length: RIVALS }, () =>
          insertPort(store().db, { uuid: newPortUuid(), nodeUuid: node.uuid, address }, NOW),
        ),
      );

      const refused = results.filter((result) => result.status === 'rejected');
      assert.equal(refused.length, RIVALS - 1);
      assert.ok(refused.every(({ reason }) => isConflictOn(reason, 'address')));
    });

    test('a port that somebody else changed meanwhile is not changed', async () => {
      const node = await makeNode(store());
      const port = await insertPort(
        store().db,
        { uuid: newPortUuid(), nodeUuid: node.uuid, address: newAddress() },
        NOW,
      );
      const updatedAt = '2026-11-21T12:00:01.000000+00:00';

      const first = await updatePort(store().db, port, { pxeEnabled: false, updatedAt });
      const second = await updatePort(store().db, port, { pxeEnabled: true });

      assert.deepEqual([first, second], [true, false]);
      assert.equal((await findPort(store().db, port.uuid))?.pxeEnabled, false);
    });

    test('a port is deleted once', async () => {
      const node = await makeNode(store());
      const uuid = newPortUuid();
      await insertPort(store().db, { uuid, nodeUuid: node.uuid, address: newAddress() }, NOW);

      assert.equal(await deletePort(store().db, uuid), true);
      assert.equal(await deletePort(store().db, uuid), false);
    });
  });

  test('a chassis with nodes in it stays', async () => {
    const uuid = randomUUID();
    await insertChassis(store().db, { uuid, description: 'row 1', extra: { a: 1 } }, NOW);
    const node = await makeNode(store(), { chassisUuid: uuid });

    const before = await deleteChassis(store().db, uuid);
    await updateNode(store().db, node.uuid, { chassisUuid: null });
    const after = await deleteChassis(store().db, uuid);
    const again = await deleteChassis(store().db, uuid);

    assert.deepEqual([before, after, again], ['occupied', 'deleted', 'absent']);
    const page = { limit: 10, marker: undefined, sortColumn: 'id', isDescending: false };
    assert.deepEqual(await listChassis(store().db, page), []);
  });

  test('a conductor that starts again is the same conductor, online', async () => {
    const hostname = `c-${randomUUID()}`;
    const conductor = { hostname, conductorGroup: '', drivers: ['redfish'] };
    await registerConductor(store().db, conductor, NOW);
    await touchConductor(store().db, hostname, { nowMs: NOW_MS + 1, isOnline: false });
    const stopped = await findConductor(store().db, hostname);
    await registerConductor(
      store().db,
      { ...conductor, drivers: ['redfish', 'fake-hardware'] },
      { nowMs: NOW_MS + 2 },
    );

    const all = (await listConductors(store().db)).filter((each) => each.hostname === hostname);

    assert.equal(stopped?.isOnline, false);
    assert.equal(all.length, 1);
    assert.equal(all[0]?.isOnline, true);
    assert.equal(all[0]?.heartbeatMs, NOW_MS + 2);
    assert.deepEqual(all[0]?.drivers, ['redfish', 'fake-hardware']);
  });

  test('of rivals that keep a setting all get the value of the first', async () => {
    const key = randomUUID();

    const values = await Promise.all(
      Array.from({ length: RIVALS }, (_, rival) => keepSetting(store().db, key, `value ${rival}`)),
    );
    await putSetting(store().db, key, 'changed');

    assert.equal(new Set(values).size, 1);
    assert.equal(await findSetting(store().db, key), 'changed');
    assert.equal(await findSetting(store().db, randomUUID()), undefined);
  });
});
