// Steps that a node's children get instead of the node: blades of a chassis, cards in a host.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { claimLease } from '#store/leases';

import { openService, type Service } from './provision/with-service.ts';

let service: Service;
beforeEach(async () => {
  service = await openService();
});
afterEach(() => service.close());

describe('children', () => {
  const power = (more: object = {}) => ({
    target: 'clean',
    clean_steps: [{ interface: 'power', step: 'power_on', execute_on_child_nodes: true, ...more }],
  });

  test('that a dead process of the same parent still holds are worked on again, others are not', async () => {
    const parent = await service.makeNode({ provisionState: 'manageable', powerState: 'power on' });
    const child = await service.makeNode({ parentNode: parent.uuid });
    const hold = (owner: string) =>
      claimLease(service.store.db, child.uuid, { owner, nowMs: Date.now(), leaseMs: 60_000 });

    await hold(`child-step of ${parent.uuid}`);
    await service.told(parent.uuid, power());
    await service.untilState(parent.uuid, 'manageable');
    await hold('somebody else');
    await service.told(parent.uuid, power());
    const refused = await service.untilState(parent.uuid, 'clean failed');

    assert.equal((await service.nodeOf(child.uuid)).powerState, 'power on');
    assert.match(refused.lastError ?? '', /is being worked on/);
  });

  test('get the step instead of their parent', async () => {
    const parent = await service.makeNode({ provisionState: 'manageable' });
    const [one, two] = [
      await service.makeNode({ parentNode: parent.uuid }),
      await service.makeNode({ parentNode: parent.uuid }),
    ];

    await service.told(parent.uuid, power({ limit_child_node_execution: [two.uuid] }));
    const node = await service.untilState(parent.uuid, 'manageable');

    assert.equal(node.powerState, null);
    assert.equal((await service.nodeOf(one.uuid)).powerState, null);
    assert.equal((await service.nodeOf(two.uuid)).powerState, 'power on');
  });

  test('that got another owner fail the step', async () => {
    const parent = await service.makeNode({ provisionState: 'manageable', owner: 'a' });
    const child = await service.makeNode({ parentNode: parent.uuid, owner: 'b' });
    await service.told(parent.uuid, power());

    const node = await service.untilState(parent.uuid, 'clean failed');

    assert.match(node.lastError ?? '', /another owner/);
    assert.equal((await service.nodeOf(child.uuid)).powerState, null);
  });

  test('that are none fail the step', async () => {
    const stranger = await service.makeNode();
    const { uuid } = await service.makeNode({ provisionState: 'manageable' });
    await service.told(uuid, power({ limit_child_node_execution: [stranger.uuid] }));

    const node = await service.untilState(uuid, 'clean failed');

    assert.match(node.lastError ?? '', /no children of/);
    assert.equal((await service.nodeOf(stranger.uuid)).powerState, null);
  });

  test('may be parents of their parents, and none is its own', async () => {
    const parent = await service.makeNode({ provisionState: 'manageable' });
    const child = await service.makeNode({ parentNode: parent.uuid });
    const adopt = (uuid: string, parentNode: string) =>
      service.ask('PATCH', `/v1/nodes/${uuid}`, {
        body: [{ op: 'add', path: '/parent_node', value: parentNode }],
      });

    const circle = await adopt(parent.uuid, child.uuid);
    const own = await adopt(child.uuid, child.uuid);
    await service.told(parent.uuid, power());
    await service.untilState(parent.uuid, 'manageable');

    assert.deepEqual([circle.status, own.status], [200, 400]);
    assert.match(own.fault ?? '', /parent_node/);
    assert.equal((await service.nodeOf(child.uuid)).powerState, 'power on');
    assert.equal((await service.nodeOf(parent.uuid)).powerState, null);
  });
});
