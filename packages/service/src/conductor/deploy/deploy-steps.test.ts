import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { PlannedStep } from '#store/workflows';

import type { StepRequest } from '../conductor.ts';
import type { OfferedStep } from '../steps/offered-step.ts';
import { planned } from '../workflow/step.ts';
import { mergeDeploySteps, splitSteps } from './deploy-steps.ts';

const CORE: readonly PlannedStep[] = [
  planned('write_image', 'deploy', { runner: 'writer' }, 80),
  planned('prepare_instance_boot', 'deploy', {}, 60),
  planned('boot_from_disk', 'boot', { shownAs: 'switch_to_tenant_network' }, 30),
  planned('boot_instance', 'deploy', {}, 20),
];

const offered = (
  kind: string,
  step: string,
  by: OfferedStep['by'] = 'agent',
  priority = 0,
): OfferedStep => ({
  step,
  interface: kind,
  priority,
  by,
  isRebootRequested: false,
  isAbortable: false,
  argumentFacts: undefined,
});

const wish = (kind: string, step: string, priority: number, args = {}): StepRequest => ({
  interface: kind,
  step,
  args,
  priority,
});

const OFFERED = [
  offered('deploy', 'inject_files'),
  offered('raid', 'apply_configuration'),
  offered('deploy', 'write_image'),
  offered('bios', 'apply_configuration', 'driver'),
];

const inOrder = (asked: readonly StepRequest[], more: readonly OfferedStep[] = []) =>
  mergeDeploySteps(CORE, [...OFFERED, ...more], asked).map(
    ({ interface: kind, name, priority }) => `${kind}.${name} ${priority}`,
  );

describe('steps of a deployment', () => {
  test('are put between our own by their priorities', () => {
    const asked = [wish('deploy', 'inject_files', 70), wish('raid', 'apply_configuration', 90)];

    assert.deepEqual(inOrder(asked), [
      'raid.apply_configuration 90',
      'deploy.write_image 80',
      'deploy.inject_files 70',
      'deploy.prepare_instance_boot 60',
      'boot.boot_from_disk 30',
      'deploy.boot_instance 20',
    ]);
  });

  test('of equal priority go by their interface, the outermost first', () => {
    const asked = [
      wish('raid', 'apply_configuration', 90),
      wish('bios', 'apply_configuration', 90),
    ];

    assert.deepEqual(inOrder(asked).slice(0, 2), [
      'bios.apply_configuration 90',
      'raid.apply_configuration 90',
    ]);
  });

  test('move or switch off our own, by the names that clients know', () => {
    const asked = [
      wish('deploy', 'write_image', 65),
      wish('deploy', 'prepare_instance_boot', 0),
      wish('deploy', 'switch_to_tenant_network', 25),
    ];

    assert.deepEqual(inOrder(asked), [
      'deploy.write_image 65',
      'boot.boot_from_disk 25',
      'deploy.boot_instance 20',
    ]);
  });

  test('keep who runs our own when they bring arguments', () => {
    const [first] = mergeDeploySteps(CORE, OFFERED, [wish('deploy', 'write_image', 90, { a: 1 })]);

    assert.deepEqual(first?.args, { runner: 'writer', args: { a: 1 } });
  });

  test('are what was said last of them', () => {
    const asked = [wish('deploy', 'inject_files', 70), wish('deploy', 'inject_files', 50)];

    assert.ok(inOrder(asked).includes('deploy.inject_files 50'));
    assert.ok(!inOrder(asked).includes('deploy.inject_files 70'));
  });

  test('that the driver does by itself are among them, unless they are switched off', () => {
    const own = offered('firmware', 'check', 'driver', 95);

    assert.equal(inOrder([], [own])[0], 'firmware.check 95');
    assert.equal(inOrder([wish('firmware', 'check', 0)], [own])[0], 'deploy.write_image 80');
  });

  test('that nobody offers are refused', () => {
    assert.throws(() => inOrder([wish('deploy', 'polish', 70)]), {
      code: 'steps.invalid',
      message: /no deploy step deploy\.polish/,
    });
  });
});

describe('steps of the driver that come before everything else', () => {
  const byDriver = [offered('bios', 'apply_configuration', 'driver')];

  test('are done before a machine is booted, and not again later', () => {
    const asked = [wish('bios', 'apply_configuration', 150), wish('deploy', 'inject_files', 120)];

    const { before, others } = splitSteps(asked, byDriver, 100);

    assert.deepEqual(
      before.map(({ name }) => name),
      ['apply_configuration'],
    );
    assert.deepEqual(
      mergeDeploySteps([], OFFERED, others).map(({ name }) => name),
      ['inject_files'],
    );
  });
});
