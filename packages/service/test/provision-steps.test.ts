// Steps: chosen by a caller, by a template or by a runbook; held, waited for, aborted.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { deployTemplates } from '#store/deploy-templates';
import { updateNode } from '#store/nodes';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionState } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { stepsDone } from './provision/journal-steps.ts';
import { openService, type Service } from './provision/with-service.ts';

let service: Service;
beforeEach(async () => {
  service = await openService();
});
afterEach(() => service.close());

const begin = async (
  provisionState: ProvisionState,
  body: object,
  more: Partial<NodeRecord> = {},
): Promise<NodeUuid> => {
  const { uuid } = await service.makeNode({ provisionState, ...more });
  await service.told(uuid, body);
  return uuid;
};

const step = (name: string, more: object = {}) => ({ interface: 'deploy', step: name, ...more });
const HOLD = step('hold');
const ERASE = step('erase_devices_metadata');
const CPU = step('burnin_cpu');

describe('cleaning by hand', () => {
  test('does the steps in the order in which they were listed', async () => {
    const clean_steps = [step('erase_devices'), ERASE, step('power_on', { interface: 'power' })];
    const uuid = await begin('manageable', { target: 'clean', clean_steps });

    const node = await service.untilState(uuid, 'manageable');

    assert.deepEqual(await stepsDone(service, uuid), [
      'deploy.get_clean_steps',
      'deploy.erase_devices',
      'deploy.erase_devices_metadata',
      'power.power_on',
    ]);
    assert.equal(node.powerState, 'power on');
    assert.equal(node.targetProvisionState, null);
  });

  test('goes by "order" where every step has one', async () => {
    const clean_steps = [step('erase_devices', { order: 2 }), { ...ERASE, order: 1 }];
    const uuid = await begin('manageable', { target: 'clean', clean_steps });

    await service.untilState(uuid, 'manageable');

    assert.deepEqual((await stepsDone(service, uuid)).slice(1), [
      'deploy.erase_devices_metadata',
      'deploy.erase_devices',
    ]);
  });

  test('with a step that the node lacks fails before anything is done', async () => {
    const clean_steps = [ERASE, step('polish')];
    const uuid = await begin('manageable', { target: 'clean', clean_steps });

    const node = await service.untilState(uuid, 'clean failed');

    assert.match(node.lastError ?? '', /no clean step deploy\.polish/);
    assert.equal(node.targetProvisionState, 'manageable');
    assert.equal(node.maintenance, false);
    assert.equal(node.fault, null);
    assert.deepEqual(await stepsDone(service, uuid), []);
  });

  test('with a step that fails puts the node into maintenance', async () => {
    const uuid = await begin(
      'manageable',
      { target: 'clean', clean_steps: [ERASE] },
      { driverInfo: { fake_fail: 'clean' } },
    );

    const node = await service.untilState(uuid, 'clean failed');

    assert.equal(node.fault, 'clean failure');
    assert.equal(node.maintenance, true);
    assert.match(node.maintenanceReason ?? '', /fails at clean/);
    assert.deepEqual(node.cleanStep, {});
  });

  test('without a ramdisk has no steps of agents', async () => {
    const uuid = await begin('manageable', {
      target: 'clean',
      clean_steps: [ERASE],
      disable_ramdisk: true,
    });

    const node = await service.untilState(uuid, 'clean failed');

    assert.match(node.lastError ?? '', /no clean step/);
  });

  test('without a ramdisk has power and holds', async () => {
    const uuid = await begin('manageable', {
      target: 'clean',
      clean_steps: [step('power_on', { interface: 'power' }), HOLD],
      disable_ramdisk: true,
    });

    await service.untilState(uuid, 'clean hold');
    await service.told(uuid, { target: 'unhold' });
    const node = await service.untilState(uuid, 'manageable');

    assert.equal(node.powerState, 'power on');
  });
});

describe('steps of the driver', () => {
  const settings = [{ name: 'ProcTurboMode', value: 'Disabled' }];
  const bios = (args: object) => ({ interface: 'bios', step: 'apply_configuration', args });

  test('need no ramdisk', async () => {
    const uuid = await begin('manageable', {
      target: 'clean',
      clean_steps: [bios({ settings }), { interface: 'raid', step: 'delete_configuration' }],
      disable_ramdisk: true,
    });

    const node = await service.untilState(uuid, 'manageable');

    assert.equal(node.lastError, null);
    assert.deepEqual((await stepsDone(service, uuid)).slice(1), [
      'bios.apply_configuration',
      'raid.delete_configuration',
    ]);
  });

  test('are told what they lack before anything is done', async () => {
    const uuid = await begin('active', { target: 'service', service_steps: [bios({})] });

    const node = await service.untilState(uuid, 'service failed');

    assert.match(node.lastError ?? '', /bios\.apply_configuration needs the arguments settings/);
    assert.equal(node.maintenance, false);
  });

  test('of high priority come before a deployment, which shows them', async () => {
    const deploy_steps = [
      { ...bios({ settings }), priority: 150 },
      { interface: 'deploy', step: 'hold', args: {}, priority: 120 },
    ];
    const uuid = await begin('available', { target: 'active', deploy_steps });

    const held = await service.untilState(uuid, 'deploy hold');
    await service.told(uuid, { target: 'unhold' });
    await service.untilState(uuid, 'active');

    assert.equal(held.deployStep['step'], 'hold');
    assert.equal(held.deployStep['priority'], 120);
    assert.deepEqual((await stepsDone(service, uuid)).slice(0, 3), [
      'bios.apply_configuration',
      'deploy.hold',
      'deploy.simulated_deploy',
    ]);
  });

  test('are done on children that have them', async () => {
    const parent = await service.makeNode({ provisionState: 'manageable' });
    const child = await service.makeNode({ parentNode: parent.uuid });
    const clean_steps = [
      { interface: 'raid', step: 'delete_configuration', execute_on_child_nodes: true },
      { ...bios({ settings }), execute_on_child_nodes: true },
    ];
    await updateNode(service.store.db, child.uuid, { raidConfig: { logical_disks: [] } });

    await service.told(parent.uuid, { target: 'clean', clean_steps });
    await service.untilState(parent.uuid, 'manageable');

    const { body } = await service.ask('GET', `/v1/nodes/${child.uuid}/bios/ProcTurboMode`);
    assert.deepEqual((await service.nodeOf(child.uuid)).raidConfig, {});
    assert.equal(body.ProcTurboMode.value, 'Disabled');
  });
});

const HOLDS = [
  {
    from: 'manageable',
    body: { target: 'clean', clean_steps: [HOLD, ERASE] },
    held: 'clean hold',
    failed: 'clean failed',
    end: 'manageable',
    aim: 'manageable',
    field: 'cleanStep',
    text: /^By request, the clean operation was aborted/,
  },
  {
    from: 'active',
    body: { target: 'service', service_steps: [HOLD, CPU] },
    held: 'service hold',
    failed: 'service failed',
    end: 'active',
    aim: 'active',
    field: 'serviceStep',
    text: /^By request, the service operation was aborted/,
  },
  {
    from: 'available',
    body: { target: 'active', deploy_steps: [{ ...HOLD, args: {}, priority: 50 }] },
    held: 'deploy hold',
    failed: 'deploy failed',
    end: 'active',
    aim: 'active',
    field: 'deployStep',
    text: /^By request, the deployment operation was aborted/,
  },
] as const;

describe('a hold', () => {
  for (const { from, body, held, failed, end, aim, field, text } of HOLDS) {
    test(`in "${held}" shows its step, and goes on by unhold`, async () => {
      const uuid = await begin(from, body);
      const holding = await service.untilState(uuid, held);

      await service.told(uuid, { target: 'unhold' });
      const node = await service.untilState(uuid, end);

      assert.equal(holding[field]['step'], 'hold');
      assert.equal(holding.targetProvisionState, aim);
      assert.deepEqual(node[field], {});
      assert.equal(node.lastError, null);
    });

    test(`in "${held}" is given up by abort`, async () => {
      const uuid = await begin(from, body);
      await service.untilState(uuid, held);

      await service.told(uuid, { target: 'abort' });
      const node = await service.untilState(uuid, failed);

      assert.match(node.lastError ?? '', text);
      assert.equal(node.fault, null);
      assert.equal(node.maintenance, false);
      assert.equal(node.targetProvisionState, aim);
      assert.deepEqual(node[field], {});
    });

    test(`in "${held}" outlives the process, and maintenance`, async () => {
      const uuid = await begin(from, body);
      await service.untilState(uuid, held);

      await updateNode(service.store.db, uuid, { maintenance: true });
      await service.restartConductor();
      await updateNode(service.store.db, uuid, { maintenance: false });
      await service.told(uuid, { target: 'unhold' });
      await service.untilState(uuid, end);

      const done = await stepsDone(service, uuid);
      assert.equal(done.filter((name) => name === 'deploy.hold').length, 1);
    });
  }

  test('is told by why, with the way out of it', async () => {
    const uuid = await begin('manageable', { target: 'clean', clean_steps: [HOLD] });
    await service.untilState(uuid, 'clean hold');

    const report = await service.conductor().why(uuid);

    assert.equal(report.step, 'hold');
    assert.match(report.remedy ?? '', /unhold/);
    assert.equal(report.until, null);
  });

  test('does not keep a service from being begun anew', async () => {
    const uuid = await begin('active', { target: 'service', service_steps: [HOLD] });
    await service.untilState(uuid, 'service hold');

    await service.told(uuid, { target: 'service', service_steps: [CPU] });

    await service.untilState(uuid, 'active');
    assert.equal((await stepsDone(service, uuid)).at(-1), 'deploy.burnin_cpu');
  });
});

const LONG_WAIT = step('wait', { args: { seconds: 3_600 } });

const WAITS = [
  ['manageable', { target: 'clean', clean_steps: [LONG_WAIT] }, 'clean wait', 'clean failed'],
  ['active', { target: 'service', service_steps: [LONG_WAIT] }, 'service wait', 'service failed'],
  [
    'available',
    { target: 'active', deploy_steps: [{ ...LONG_WAIT, priority: 50 }] },
    'wait call-back',
    'deploy failed',
  ],
] as const;

describe('a pause', () => {
  for (const [from, body, waiting, failed] of WAITS) {
    test(`rests in "${waiting}", and is given up by abort`, async () => {
      const uuid = await begin(from, body);
      await service.untilState(uuid, waiting);

      await service.told(uuid, { target: 'abort' });
      const node = await service.untilState(uuid, failed);

      assert.match(node.lastError ?? '', /^By request, .* aborted/);
    });
  }

  test('ends when its time is over, also in another process', async () => {
    const short = step('wait', { args: { seconds: 0.2 } });
    const uuid = await begin('manageable', { target: 'clean', clean_steps: [short, ERASE] });
    await service.untilState(uuid, 'clean wait');

    await service.restartConductor();

    await service.untilState(uuid, 'manageable');
  });

  test('of no sensible length fails the node', async () => {
    const clean_steps = [step('wait', { args: { seconds: 'soon' } })];
    const uuid = await begin('manageable', { target: 'clean', clean_steps });

    const node = await service.untilState(uuid, 'clean failed');

    assert.match(node.lastError ?? '', /"seconds", a number from 0 to/);
  });
});

describe('servicing', () => {
  test('leaves the instance as it is', async () => {
    const instanceUuid = randomUUID();
    const uuid = await begin(
      'active',
      { target: 'service', service_steps: [CPU] },
      { instanceUuid, instanceInfo: { image_source: 'x' }, powerState: 'power on' },
    );

    const node = await service.untilState(uuid, 'active');

    assert.equal(node.instanceUuid, instanceUuid);
    assert.deepEqual(node.instanceInfo, { image_source: 'x' });
    assert.equal(node.powerState, 'power on');
    assert.equal(node.targetProvisionState, null);
  });

  test('that fails is given up by abort once maintenance is over', async () => {
    const uuid = await begin(
      'active',
      { target: 'service', service_steps: [CPU] },
      { driverInfo: { fake_fail: 'clean' } },
    );
    const failed = await service.untilState(uuid, 'service failed');

    const early = await service.tell(uuid, { target: 'abort' });
    await service.ask('DELETE', `/v1/nodes/${uuid}/maintenance`);
    await service.told(uuid, { target: 'abort' });
    const node = await service.untilState(uuid, 'active');

    assert.equal(failed.fault, 'service failure');
    assert.equal(failed.maintenance, true);
    assert.equal(early.status, 409);
    assert.equal(node.lastError, null);
    assert.equal(node.fault, null);
  });

  test('with a step that the node lacks fails without maintenance', async () => {
    const uuid = await begin('active', { target: 'service', service_steps: [step('polish')] });

    const node = await service.untilState(uuid, 'service failed');

    assert.equal(node.maintenance, false);
    assert.match(node.lastError ?? '', /no service step deploy\.polish/);
  });
});

describe('a deployment', () => {
  const deployStep = (name: string, priority: number | string) => ({
    ...step(name),
    args: {},
    priority,
  });

  /** Files are put onto the disk behind the image. */
  const makeTemplate = (name: string) =>
    deployTemplates.insert(
      service.store.db,
      {
        uuid: randomUUID(),
        name,
        steps: [{ interface: 'deploy', step: 'inject_files', args: {}, priority: 70 }],
        extra: {},
        description: null,
      },
      { nowMs: 0 },
    );

  test('does what was asked for after its own first step, by priority', async () => {
    const uuid = await begin('available', {
      target: 'active',
      deploy_steps: [deployStep('inject_files', '40'), deployStep('erase_devices_metadata', 90)],
    });

    await service.untilState(uuid, 'active');

    assert.deepEqual(await stepsDone(service, uuid), [
      'deploy.simulated_deploy',
      'deploy.get_deploy_steps',
      'deploy.erase_devices_metadata',
      'deploy.inject_files',
    ]);
  });

  test('with a step that the node lacks fails', async () => {
    const uuid = await begin('available', {
      target: 'active',
      deploy_steps: [deployStep('polish', 50)],
    });

    const node = await service.untilState(uuid, 'deploy failed');

    assert.match(node.lastError ?? '', /no deploy step deploy\.polish/);
    assert.equal(node.targetProvisionState, 'active');
  });

  test('gets the steps of the templates whose traits its instance has', async () => {
    await makeTemplate('CUSTOM_FILES');
    const { uuid } = await service.makeNode({
      provisionState: 'available',
      traits: ['CUSTOM_FILES', 'CUSTOM_OTHER'],
      instanceInfo: { traits: ['CUSTOM_FILES', 'CUSTOM_OTHER'] },
    });

    await service.told(uuid, { target: 'active' });
    await service.untilState(uuid, 'active');

    assert.equal((await stepsDone(service, uuid)).at(-1), 'deploy.inject_files');
  });

  test('lets the caller switch off what a template brings', async () => {
    await makeTemplate('CUSTOM_FILES');
    const { uuid } = await service.makeNode({
      provisionState: 'available',
      traits: ['CUSTOM_FILES'],
      instanceInfo: { traits: ['CUSTOM_FILES'] },
    });

    await service.told(uuid, { target: 'active', deploy_steps: [deployStep('inject_files', 0)] });
    await service.untilState(uuid, 'active');

    assert.equal((await stepsDone(service, uuid)).at(-1), 'deploy.get_deploy_steps');
  });

  test('is refused with traits that the machine does not have', async () => {
    const instanceInfo = { traits: ['CUSTOM_FILES'] };
    const { uuid } = await service.makeNode({ provisionState: 'available', instanceInfo });

    const { status, fault } = await service.tell(uuid, { target: 'active' });

    assert.equal(status, 400);
    assert.match(fault ?? '', /instance traits that are not also set on the node.*CUSTOM_FILES/);
  });
});
