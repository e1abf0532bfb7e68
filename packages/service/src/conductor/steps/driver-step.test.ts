import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Job, Step } from '../workflow/step.ts';
import { planned } from '../workflow/step.ts';
import { childStep } from './child-step.ts';
import { driverStep } from './driver-step.ts';

const jobOf = (kind: string, name: string, run: () => unknown): Job =>
  ({
    planned: planned(name, kind),
    node: {},
    driver: {
      steps: [{ interface: kind, step: name, priority: {}, run: async () => (run(), {}) }],
    },
  }) as unknown as Job;

const takeUpAgain = async (step: Step, job: Job): Promise<unknown> => {
  assert.ok(!step.isIdempotent);
  return step.reconcile(job);
};

test('a step of a vendor that ran when the service stopped is not done again', async () => {
  const calls: string[] = [];
  const job = jobOf('vendor', 'send_raw', () => calls.push('sent'));
  const refusal = { code: 'node.invalid', message: /vendor\.send_raw.*not done a second time/ };

  await driverStep.run(job);
  await assert.rejects(takeUpAgain(driverStep, job), refusal);
  await assert.rejects(takeUpAgain(childStep, job), refusal);

  assert.deepEqual(calls, ['sent']);
});

test('any other step of a driver is done again', async () => {
  const calls: string[] = [];
  const job = jobOf('bios', 'apply_configuration', () => calls.push('applied'));

  await driverStep.run(job);
  await takeUpAgain(driverStep, job);

  assert.deepEqual(calls, ['applied', 'applied']);
});
