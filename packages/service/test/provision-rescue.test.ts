// Adoption, rescue, inspection: verbs of machines that are known, from the request to the state where the node rests.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { sql } from 'kysely';

import { updateNode } from '#store/nodes';

import { openService, type Service } from './provision/with-service.ts';

let service: Service;
beforeEach(async () => {
  service = await openService();
});
afterEach(() => service.close());

const PASSWORD = 'open, Sesame 4711';
const RESCUE = { target: 'rescue', rescue_password: PASSWORD };
/** Longer than any test: the machine is waited for. */
const NEVER = { fake_callback_delay: 3_600 };

describe('adoption', () => {
  test('makes a machine active as it is', async () => {
    const { uuid } = await service.makeNode({ provisionState: 'manageable' });

    await service.told(uuid, { target: 'adopt' });
    const node = await service.untilState(uuid, 'active');

    assert.equal(node.targetProvisionState, null);
    assert.equal(node.lastError, null);
  });

  test('that fails says why, and the node can be adopted again or managed', async () => {
    const driverInfo = { fake_fail: 'management' };
    const { uuid } = await service.makeNode({ provisionState: 'manageable', driverInfo });

    await service.told(uuid, { target: 'adopt' });
    const failed = await service.untilState(uuid, 'adopt failed');
    await updateNode(service.store.db, uuid, { driverInfo: {} });
    await service.told(uuid, { target: 'adopt' });
    const node = await service.untilState(uuid, 'active');

    assert.match(failed.lastError ?? '', /fails at management/);
    assert.equal(failed.targetProvisionState, 'active');
    assert.equal(node.lastError, null);
  });
});

describe('a rescue', () => {
  test('goes through its wait state to rescue, and back to active', async () => {
    const driverInfo = { fake_callback_delay: 0.05 };
    const { uuid } = await service.makeNode({ provisionState: 'active', driverInfo });

    await service.told(uuid, RESCUE);
    const waiting = await service.untilState(uuid, 'rescue wait');
    const rescue = await service.untilState(uuid, 'rescue');
    await service.told(uuid, { target: 'unrescue' });
    const active = await service.untilState(uuid, 'active');

    assert.equal(waiting.targetProvisionState, 'rescue');
    assert.equal(rescue.targetProvisionState, null);
    assert.equal(rescue.powerState, 'power on');
    assert.equal(active.targetProvisionState, null);
    assert.deepEqual(active.instanceInfo, {});
  });

  test('keeps the password hashed only, shows a mask, and forgets it at the end', async () => {
    const { uuid } = await service.makeNode({ provisionState: 'active', driverInfo: NEVER });

    await service.told(uuid, RESCUE);
    const { instanceInfo } = await service.untilState(uuid, 'rescue wait');
    const { body } = await service.ask('GET', `/v1/nodes/${uuid}`);
    const stored = await wholeStore();
    await service.told(uuid, { target: 'abort' });
    const ended = await service.untilState(uuid, 'rescue failed');

    assert.match(JSON.stringify(instanceInfo), /^{"hashed_rescue_password":"\$5\$[^"]+"}$/);
    assert.deepEqual(body.instance_info, { hashed_rescue_password: '******' });
    assert.ok(!stored.includes(PASSWORD));
    assert.deepEqual(ended.instanceInfo, {});
  });

  test('is given up by abort, and may be tried again', async () => {
    const { uuid } = await service.makeNode({ provisionState: 'active', driverInfo: NEVER });
    await service.told(uuid, RESCUE);
    await service.untilState(uuid, 'rescue wait');

    await service.told(uuid, { target: 'abort' });
    const failed = await service.untilState(uuid, 'rescue failed');
    await updateNode(service.store.db, uuid, { driverInfo: {} });
    await service.told(uuid, RESCUE);
    const rescue = await service.untilState(uuid, 'rescue');

    assert.equal(failed.lastError, 'By request, the rescue operation was aborted');
    assert.equal(failed.fault, null);
    assert.equal(rescue.lastError, null);
  });

  test('that cannot be cleaned up after an abort puts the node into maintenance', async () => {
    const driverInfo = { ...NEVER, fake_fail: 'boot' };
    const { uuid } = await service.makeNode({ provisionState: 'active', driverInfo });
    await service.told(uuid, RESCUE);
    await service.untilState(uuid, 'rescue wait');

    await service.told(uuid, { target: 'abort' });
    const failed = await service.untilState(uuid, 'rescue failed');

    assert.equal(failed.fault, 'rescue abort failure');
    assert.equal(failed.maintenance, true);
    assert.match(failed.lastError ?? '', /aborted.*could not be cleaned up/);
  });

  test('that fails says why', async () => {
    const driverInfo = { fake_fail: 'rescue' };
    const { uuid } = await service.makeNode({ provisionState: 'active', driverInfo });

    await service.told(uuid, RESCUE);
    const failed = await service.untilState(uuid, 'rescue failed');

    assert.match(failed.lastError ?? '', /fails at rescue/);
    assert.equal(failed.targetProvisionState, 'rescue');
    assert.deepEqual(failed.instanceInfo, {});
  });

  test('does not keep a node from being given back', async () => {
    const { uuid } = await service.makeNode({ provisionState: 'active', driverInfo: NEVER });
    await service.told(uuid, RESCUE);
    await service.untilState(uuid, 'rescue wait');

    await service.told(uuid, { target: 'deleted' });

    await service.untilState(uuid, 'available');
  });

  test('is taken up again by another process', async () => {
    const { uuid } = await service.makeNode({
      provisionState: 'active',
      driverInfo: { fake_callback_delay: 0.2 },
    });
    await service.told(uuid, RESCUE);
    await service.untilState(uuid, 'rescue wait');

    await service.restartConductor();

    await service.untilState(uuid, 'rescue');
  });

  const REFUSED = [
    { what: 'without a password', body: { target: 'rescue' } },
    { what: 'with an empty password', body: { target: 'rescue', rescue_password: ' ' } },
    { what: 'with a password of another type', body: { target: 'rescue', rescue_password: [1] } },
  ] as const;

  for (const { what, body } of REFUSED) {
    test(`is refused ${what}`, async () => {
      const before = await service.makeNode({ provisionState: 'active' });

      const { status, text } = await service.tell(before.uuid, body);

      assert.equal(status, 400);
      assert.match(text, /rescue_password/);
      assert.deepEqual(await service.nodeOf(before.uuid), before);
    });
  }

  test('takes no password from the URL', async () => {
    const { uuid } = await service.makeNode({ provisionState: 'active' });

    const { status } = await service.ask(
      'PUT',
      `/v1/nodes/${uuid}/states/provision?target=rescue&rescue_password=${PASSWORD}`,
    );

    assert.equal(status, 400);
  });

  test('is refused where the driver has none, with the words of the API', async () => {
    const node = await service.makeNode({ provisionState: 'active' });
    const interfaces = { ...node.interfaces, rescue: 'no-rescue' };
    await updateNode(service.store.db, node.uuid, { interfaces });

    const { status, fault } = await service.tell(node.uuid, RESCUE);

    assert.equal(status, 400);
    assert.equal(
      fault,
      'Driver fake-hardware does not support rescue (disabled or not implemented).',
    );
  });
});

describe('an inspection', () => {
  test('rests in its wait state until the machine calls', async () => {
    const driverInfo = { fake_callback_delay: 0.05 };
    const { uuid } = await service.makeNode({ provisionState: 'manageable', driverInfo });

    await service.told(uuid, { target: 'inspect' });
    const waiting = await service.untilState(uuid, 'inspect wait');
    const node = await service.untilState(uuid, 'manageable');

    assert.equal(waiting.targetProvisionState, 'manageable');
    assert.ok(node.inspectionFinishedAt !== null);
  });

  test('is given up by abort', async () => {
    const { uuid } = await service.makeNode({ provisionState: 'manageable', driverInfo: NEVER });
    await service.told(uuid, { target: 'inspect' });
    await service.untilState(uuid, 'inspect wait');

    await service.told(uuid, { target: 'abort' });
    const node = await service.untilState(uuid, 'inspect failed');

    assert.equal(node.lastError, 'By request, the inspection operation was aborted');
    assert.equal(node.targetProvisionState, 'manageable');
  });
});

/** All that is stored, as text. */
const wholeStore = async (): Promise<string> => {
  const { db } = service.store;
  const { rows: tables } = await sql<{ readonly name: string }>`
    select name from sqlite_master where type = 'table'`.execute(db);
  const contents = await Promise.all(
    tables.map(async ({ name }) => (await sql`select * from ${sql.table(name)}`.execute(db)).rows),
  );
  return JSON.stringify(contents);
};
