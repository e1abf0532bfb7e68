import assert from 'node:assert/strict';
import { test } from 'node:test';

import { shownStep, SHOWN_AS_KEY } from './shown-step.ts';
import { planned } from './step.ts';
import type { WorkflowKind } from './workflow-kind.ts';

const KIND: WorkflowKind = { name: 'clean', stepField: 'cleanStep', eventType: 'cleaning' };

test('a step is shown as clients gave it, without the secrets in its arguments', () => {
  const args = { runner: 'x', args: { url: 'a', password: 'b' }, isAbortable: true };
  const item = planned('update', 'firmware', args, 3);

  assert.deepEqual(shownStep(KIND, item), {
    cleanStep: {
      interface: 'firmware',
      step: 'update',
      priority: 3,
      args: { url: 'a', password: '******' },
      abortable: true,
    },
  });
});

test('what clients know by another name is shown by that', () => {
  const item = planned(
    'boot_from_disk',
    'boot',
    { [SHOWN_AS_KEY]: 'switch_to_tenant_network' },
    30,
  );

  const { cleanStep } = shownStep(KIND, item);

  assert.equal(cleanStep?.['step'], 'switch_to_tenant_network');
  assert.equal(cleanStep?.['interface'], 'deploy');
});

test('the way into the ramdisk belongs to whatever it is done for', () => {
  assert.deepEqual(shownStep(KIND, planned('attach_media', 'boot')), {});
});

test('our own steps, and the end, show nothing', () => {
  assert.deepEqual(shownStep(KIND, planned('get_clean_steps', 'deploy')), { cleanStep: {} });
  assert.deepEqual(shownStep(KIND, undefined), { cleanStep: {} });
});

test('kinds that show no step change nothing', () => {
  const power: WorkflowKind = { name: 'power', eventType: 'power' };

  assert.deepEqual(shownStep(power, planned('set_power', 'power', {}, 5)), {});
});
