// The life of a node on fake hardware, as the API drives it: states, targets, refusals, failures, power.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';

import type { ProvisionRequest } from '#conductor/conductor';
import { listHistory } from '#store/history';
import { updateNode } from '#store/nodes';

import type { ProvisionState } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { openConductor, type Subject } from './with-conductor.ts';

let subject: Subject;
afterEach(() => subject.close());

const ask = (uuid: NodeUuid, verb: ProvisionRequest['verb'], more = {}) =>
  subject.conductor.requestProvision(uuid, { verb, ...more });

const bring = async (uuid: NodeUuid, verb: ProvisionRequest['verb'], to: ProvisionState) => {
  await ask(uuid, verb);
  return subject.untilState(uuid, to);
};

describe('a node', () => {
  test('goes from enroll to active and back to available, and rests without a target', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode();

    await bring(uuid, 'manage', 'manageable');
    await bring(uuid, 'inspect', 'manageable');
    await bring(uuid, 'provide', 'available');
    const active = await bring(uuid, 'active', 'active');
    await updateNode(subject.store.db, uuid, { instanceInfo: { image_source: 'x' } });
    const available = await bring(uuid, 'deleted', 'available');

    assert.equal(active.powerState, 'power on');
    assert.equal(active.targetProvisionState, null);
    assert.equal(available.targetProvisionState, null);
    assert.equal(available.powerState, 'power off');
    assert.deepEqual(available.instanceInfo, {});
    assert.equal(available.instanceUuid, null);
    assert.equal(available.lastError, null);
    const history = await listHistory(subject.store.db, uuid);
    assert.ok(history.length >= 5);
    assert.ok(history.every(({ severity }) => severity === 'INFO'));
  });

  test('shows where it is going while it goes there', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode({ driverInfo: { fake_power_delay: 3_000 } });

    await ask(uuid, 'manage');

    const node = await subject.nodeOf(uuid);
    assert.equal(node.provisionState, 'verifying');
    assert.equal(node.targetProvisionState, 'manageable');
    assert.equal(node.reservation, 'bessemer');
  });

  test('that was available becomes manageable at once', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode({ provisionState: 'available' });

    await ask(uuid, 'manage');

    assert.equal((await subject.nodeOf(uuid)).provisionState, 'manageable');
    assert.equal((await subject.nodeOf(uuid)).reservation, null);
  });

  test('cleaned by hand returns to manageable, with that target all the way', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode({
      provisionState: 'manageable',
      driverInfo: { fake_clean_delay: 0.05 },
    });
    const steps = [{ interface: 'deploy', step: 'erase_devices', args: {} }];

    await ask(uuid, 'clean', { steps });
    const cleaning = await subject.nodeOf(uuid);
    const clean = await subject.untilState(uuid, 'manageable');

    assert.equal(cleaning.provisionState, 'cleaning');
    assert.equal(cleaning.targetProvisionState, 'manageable');
    assert.equal(clean.targetProvisionState, null);
  });
});

describe('a node that fails', () => {
  const CASES = [
    { from: 'available', verb: 'active', fails: 'deploy', to: 'deploy failed' },
    { from: 'manageable', verb: 'provide', fails: 'clean', to: 'clean failed' },
    { from: 'manageable', verb: 'inspect', fails: 'inspect', to: 'inspect failed' },
    { from: 'enroll', verb: 'manage', fails: 'management', to: 'enroll' },
    { from: 'active', verb: 'deleted', fails: 'power', to: 'error' },
  ] as const;

  for (const { from, verb, fails, to } of CASES) {
    test(`at ${fails} is left in "${to}" with its cause`, async () => {
      subject = await openConductor();
      const { uuid } = await subject.makeNode({
        provisionState: from,
        driverInfo: { fake_fail: fails },
      });

      const node = await bring(uuid, verb, to);

      assert.match(node.lastError ?? '', /fails at/);
      const report = await subject.conductor.why(uuid);
      assert.ok(report.failure !== null);
      assert.ok((report.remedy ?? '') !== '');
      const [entry] = await listHistory(subject.store.db, uuid);
      assert.equal(entry?.severity, 'ERROR');
    });
  }

  test('at cleaning is never available, and is manageable again by the documented verb', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode({
      provisionState: 'manageable',
      driverInfo: { fake_fail: 'clean' },
    });
    await bring(uuid, 'provide', 'clean failed');

    await updateNode(subject.store.db, uuid, { driverInfo: {}, maintenance: false });
    await bring(uuid, 'manage', 'manageable');
    const node = await bring(uuid, 'provide', 'available');

    assert.equal(node.lastError, null);
  });

  test('at deploying can be deployed again or given back', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode({
      provisionState: 'available',
      driverInfo: { fake_fail: 'deploy' },
    });
    await bring(uuid, 'active', 'deploy failed');

    await updateNode(subject.store.db, uuid, { driverInfo: {} });
    const active = await bring(uuid, 'active', 'active');

    assert.equal(active.lastError, null);
  });
});

describe('a request is refused, and changes nothing', () => {
  const refusal =
    (status: number, text: RegExp) =>
    (error: unknown): boolean => {
      const { message, status: given } = error as { message: string; status: number };
      assert.equal(given, status);
      assert.match(message, text);
      return true;
    };

  const CASES = [
    {
      what: 'from a state that does not know the verb',
      node: { provisionState: 'enroll' },
      verb: 'active',
      status: 400,
      text: /^The requested action "active" can not be performed on node "[-0-9a-f]{36}" while it is in state "enroll"\.$/,
    },
    {
      what: 'in maintenance',
      node: { provisionState: 'available', maintenance: true },
      verb: 'active',
      status: 400,
      text: /^The provisioning operation can't be performed on node [-0-9a-f]{36} because it's in maintenance mode\.$/,
    },
    {
      what: 'for a protected node',
      node: { provisionState: 'active', protected: true },
      verb: 'deleted',
      status: 403,
      text: /protected/,
    },
    {
      what: 'for a retired node that is to be provided',
      node: { provisionState: 'manageable', retired: true },
      verb: 'provide',
      status: 400,
      text: /retired/,
    },
    {
      what: 'for an event that only the conductor may fire',
      node: { provisionState: 'cleaning' },
      verb: 'manage',
      status: 400,
      text: /can not be performed/,
    },
    {
      what: 'for rescue where the hardware has none',
      node: { provisionState: 'active' },
      verb: 'rescue',
      status: 400,
      text: /does not support rescue/,
    },
  ] as const;

  for (const { what, node, verb, status, text } of CASES) {
    test(what, async () => {
      subject = await openConductor();
      const before = await subject.makeNode(node);

      await assert.rejects(ask(before.uuid, verb), refusal(status, text));

      assert.deepEqual(await subject.nodeOf(before.uuid), before);
    });
  }

  test('for a node that is being worked on, with 409', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode({ driverInfo: { fake_power_delay: 3_000 } });
    await ask(uuid, 'manage');

    await assert.rejects(ask(uuid, 'manage'), refusal(409, /locked/));
    await assert.rejects(
      subject.conductor.requestPower(uuid, 'power on', { timeoutMs: undefined }),
      refusal(409, /locked/),
    );
  });

  test('of two that arrive together one is taken and one refused', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode({ provisionState: 'available' });

    const results = await Promise.allSettled([ask(uuid, 'active'), ask(uuid, 'active')]);
    await subject.untilState(uuid, 'active');

    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });
});

describe('power', () => {
  test('on shows its target until it is reached', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode({ driverInfo: { fake_power_delay: 0.05 } });

    await subject.conductor.requestPower(uuid, 'power on', { timeoutMs: undefined });
    const during = await subject.nodeOf(uuid);
    const after = await subject.until(uuid, (node) => node.targetPowerState === null);

    assert.equal(during.targetPowerState, 'power on');
    assert.equal(after.powerState, 'power on');
    assert.equal(after.provisionState, 'enroll');
  });

  test('that fails says why and leaves no target', async () => {
    subject = await openConductor();
    const { uuid } = await subject.makeNode({ driverInfo: { fake_fail: 'power' } });

    await subject.conductor.requestPower(uuid, 'rebooting', { timeoutMs: undefined });
    const node = await subject.until(uuid, ({ targetPowerState }) => targetPowerState === null);

    assert.match(node.lastError ?? '', /fails at power/);
    assert.equal(node.provisionState, 'enroll');
  });
});

describe('two hundred nodes', () => {
  test('go through their lives side by side and none is left behind', async () => {
    subject = await openConductor();
    const nodes = await Promise.all(Array.from({ length: 200 }, () => subject.makeNode()));

    for (const [verb, to] of [
      ['manage', 'manageable'],
      ['provide', 'available'],
      ['active', 'active'],
      ['deleted', 'available'],
    ] as const) {
      await Promise.all(nodes.map(({ uuid }) => ask(uuid, verb)));
      // One after the other: two hundred watchers would cost more than what they watch.
      for (const { uuid } of nodes) await subject.untilState(uuid, to);
    }

    const ended = await Promise.all(nodes.map(({ uuid }) => subject.nodeOf(uuid)));
    assert.ok(ended.every(({ lastError }) => lastError === null));
  });
});
