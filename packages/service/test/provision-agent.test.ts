// Steps of an agent that is really spoken to: servicing with the ramdisk and back, deployments with steps of the
// caller's choice, and aborts that wait for what must not be interrupted.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import type { ProvisionRequest } from '#conductor/conductor';
import { updateNode } from '#store/nodes';

import type { ProvisionState } from '@bessemer/protocol/node/states';

import type { OfferedStep } from './conductor/step-agent.ts';
import { type Ground, type Machine, makeGround, openMachine } from './conductor/with-machine.ts';

const SETTLE_MS = 5_000;

let ground: Ground;
let machine: Machine;

before(async () => {
  ground = await makeGround();
});
after(() => ground.remove());
afterEach(() => machine.close());

const OFFERED: readonly OfferedStep[] = [
  { step: 'burnin_cpu', reboot_requested: false, priority: 0, abortable: true },
  {
    step: 'update_firmware',
    reboot_requested: true,
    priority: 0,
    argsinfo: { url: { description: 'where it is', required: true } },
  },
];

/** The node is `from`, and is asked; the agent of its boot has its token, and calls. */
const begin = async (from: ProvisionState, request: ProvisionRequest): Promise<void> => {
  machine = await openMachine(ground, { route: 'vmedia', steps: OFFERED });
  await updateNode(machine.store.db, machine.uuid, { provisionState: from });
  await machine.conductor().requestProvision(machine.uuid, request);
  await machine.untilStep('wait_for_agent');
};

const call = async (): Promise<void> => {
  const token = await machine.token();
  machine.agent.restart(token, await machine.identity());
  await machine.heartbeat(token);
  machine.clock.advance(SETTLE_MS);
};

const step = (name: string, args = {}) => ({ interface: 'deploy', step: name, args });
const FIRMWARE = step('update_firmware', { url: 'https://a.example/fw' });

describe('servicing with an agent', () => {
  test('boots the ramdisk, does its steps, and starts the instance again', async () => {
    await begin('active', { verb: 'service', steps: [step('burnin_cpu')] });
    const waiting = await machine.node();
    await call();

    const node = await machine.untilRest();

    assert.equal(waiting.provisionState, 'service wait');
    assert.equal(node.provisionState, 'active');
    assert.equal(node.lastError, null);
    assert.equal(node.powerState, 'power on');
    assert.deepEqual(machine.agent.done().slice(0, 2), ['steps', 'burnin_cpu']);
    assert.equal(machine.effects.at(-1), 'power on');
    assert.deepEqual(node.serviceStep, {});
  });

  test('boots the ramdisk again behind a step that asks for it', async () => {
    await begin('active', { verb: 'service', steps: [FIRMWARE, step('burnin_cpu')] });
    await call();
    await machine.until(async () => {
      machine.clock.advance(20);
      return machine.effects.filter((effect) => effect === 'power on').length > 1;
    });
    await machine.untilStep('wait_for_agent');
    await call();

    const node = await machine.untilRest();

    assert.equal(node.provisionState, 'active');
    assert.deepEqual(machine.agent.done().slice(0, 3), ['steps', 'update_firmware', 'burnin_cpu']);
  });

  test('refuses arguments that the step does not take, before anything is done', async () => {
    await begin('active', { verb: 'service', steps: [step('update_firmware', { speed: 9 })] });
    await call();

    const node = await machine.untilRest();

    assert.equal(node.provisionState, 'service failed');
    assert.match(
      node.lastError ?? '',
      /does not know the arguments speed and needs the arguments url/,
    );
    assert.equal(node.maintenance, false);
    assert.deepEqual(machine.agent.done(), ['steps']);
  });
});

describe('an abort', () => {
  const running = (name: string) => machine.untilStep(name);

  test('ends a step at once that allows it', async () => {
    await begin('manageable', { verb: 'clean', steps: [step('burnin_cpu')] });
    machine.agent.makeSlow('burnin_cpu');
    await call();
    await running('burnin_cpu');

    await machine.conductor().requestProvision(machine.uuid, { verb: 'abort' });
    const node = await machine.untilRest();

    assert.equal(node.provisionState, 'clean failed');
    assert.equal(node.lastError, 'By request, the clean operation was aborted');
    assert.equal(node.maintenance, false);
    assert.equal(machine.effects.at(-1), 'power off');
  });

  test('waits for a step that must not be interrupted', async () => {
    await begin('manageable', { verb: 'clean', steps: [FIRMWARE, step('burnin_cpu')] });
    machine.agent.makeSlow('update_firmware');
    await call();
    await running('update_firmware');

    await machine.conductor().requestProvision(machine.uuid, { verb: 'abort' });
    const still = await machine.node();
    machine.agent.finish();
    const node = await machine.untilRest();

    assert.equal(still.provisionState, 'clean wait');
    assert.equal(still.cleanStep['step'], 'update_firmware');
    assert.equal(still.cleanStep['abortable'], false);
    assert.equal(node.provisionState, 'clean failed');
    assert.match(node.lastError ?? '', /aborted after the completion of step "update_firmware"/);
    assert.equal(node.maintenance, false);
    assert.ok(!machine.agent.done().includes('burnin_cpu'));
  });
});

test('a hold with an agent goes on with the same boot', async () => {
  await begin('manageable', { verb: 'clean', steps: [step('hold'), step('burnin_cpu')] });
  await call();
  await machine.until(async () => (await machine.node()).provisionState === 'clean hold');
  await machine.until(async () => (await machine.node()).reservation === null);

  await machine.conductor().requestProvision(machine.uuid, { verb: 'unhold' });
  const node = await machine.untilRest();

  assert.equal(node.provisionState, 'manageable');
  assert.equal((await machine.sessions()).length, 1);
  assert.deepEqual(machine.agent.done(), ['steps', 'burnin_cpu']);
});

test('steps without the ramdisk leave a machine as it is', async () => {
  machine = await openMachine(ground, { route: 'vmedia', steps: OFFERED });
  await updateNode(machine.store.db, machine.uuid, { provisionState: 'active' });

  await machine.conductor().requestProvision(machine.uuid, {
    verb: 'service',
    steps: [{ interface: 'power', step: 'reboot', args: {} }],
    isRamdiskDisabled: true,
  });
  const node = await machine.untilRest();

  assert.equal(node.provisionState, 'active');
  assert.deepEqual(machine.effects, ['rebooting']);
  assert.deepEqual(await machine.sessions(), []);
});
