// Giving a node back: off, nothing of the instance left in its record, and then cleaning, which is what makes it
// available again.

import { isoTime } from '#clock';
import type { NodeDriver } from '#drivers/driver';
import { releaseVifs } from '#store/vifs';
import type { PlannedStep } from '#store/workflows';

import { bringRamdiskToRest, closeBoot } from '../boot-ramdisk/leave-ramdisk.ts';
import { automatedClean } from '../clean/clean.ts';
import { DONE, planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';

const simulatedTearDown: Step = {
  name: 'simulated_tear_down',
  isIdempotent: true,
  run: async (job) => {
    const timeoutMs = job.parts.options.powerTimeoutMs;
    await job.driver.power.setState(job.node, 'power off', { timeoutMs });
    return { ...DONE, node: { powerState: 'power off' } };
  },
};

export const TEAR_DOWN_STEPS: readonly Step[] = [simulatedTearDown];

export const tearDownPlan = (driver: NodeDriver): PlannedStep[] =>
  driver.deploy.kind === 'simulated'
    ? [planned('simulated_tear_down', 'deploy')]
    : [planned('power_off', 'power'), planned('clean_up_ramdisk', 'boot')];

export const TEAR_DOWN: WorkflowKind = {
  name: 'tear-down',
  eventType: 'unprovisioning',
  doneEvent: () => 'clean',
  failEvent: 'fail',
  onDone: () => ({
    instanceInfo: {},
    instanceUuid: null,
    instanceName: null,
    raidConfig: {},
    deployStep: {},
  }),
  bringToRest: bringRamdiskToRest,
  onEnd: async (queryable, parts, node) => {
    await closeBoot(queryable, parts, node);
    // Only a node that was given back has lost its tenant.
    if (node.provisionState !== 'cleaning') return;
    await releaseVifs(queryable, node.uuid, isoTime(parts.clock.wallMs()));
  },
  next: (node, parts) => automatedClean(parts.drivers.driverOf(node), node, parts),
};
