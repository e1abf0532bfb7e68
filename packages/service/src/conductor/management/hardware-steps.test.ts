import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Job, planned } from '../workflow/step.ts';
import { HARDWARE_STEPS } from './hardware-steps.ts';

test('a vendor method that ran when the service stopped is not called again', async () => {
  const step = HARDWARE_STEPS.find(({ name }) => name === 'call_vendor');
  assert.ok(step !== undefined && !step.isIdempotent);
  let calls = 0;
  const method = { run: async () => (calls += 1) };
  const job = {
    planned: planned('call_vendor', 'management', { name: 'blink', args: {} }),
    driver: { vendor: { methods: { blink: method } } },
    node: { driver: 'fake-hardware' },
  } as unknown as Job;

  await step.run(job);
  await assert.rejects(step.reconcile(job), { code: 'node.invalid', message: /blink/ });

  assert.equal(calls, 1);
});

test('a step whose interface was taken away meanwhile fails, and says which', async () => {
  const job = (name: string): Job =>
    ({
      planned: planned(name, 'management', { name: 'blink' }),
      driver: { management: {} },
      node: { driver: 'fake-hardware' },
    }) as unknown as Job;
  const words = { set_console: /console/, attach_virtual_media: /media/, call_vendor: /blink/ };

  for (const [name, message] of Object.entries(words)) {
    const step = HARDWARE_STEPS.find((each) => each.name === name);
    await assert.rejects(async () => step?.run(job(name)), { code: 'node.invalid', message });
  }
});
