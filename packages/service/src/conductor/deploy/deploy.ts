// Deployment: an image on the machine's disk, a config drive behind it, and the machine started from it.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { PlannedStep } from '#store/workflows';
import type { NodeDriver } from '#drivers/driver';

import { makeCommandStep } from '../agent-session/command-step.ts';
import { AGENT_STEP_RUNNER } from '../agent-session/run-agent-step.ts';
import { recoverBoot } from '../boot-ramdisk/boot-again.ts';
import { bootRamdiskPlan } from '../boot-ramdisk/boot-ramdisk.ts';
import { bringRamdiskToRest, closeBoot, endBoot } from '../boot-ramdisk/leave-ramdisk.ts';
import type { StepRequest } from '../conductor.ts';
import { DONE, planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';
import { bootModeOf } from './boot-mode.ts';
import { tearDownAgent } from './tear-down-agent.ts';
import { prepareImage, writeImage } from './write-image.ts';

const prepareInstanceBoot = makeCommandStep(
  'prepare_instance_boot',
  'image.install_bootloader',
  (job) => ({
    root_uuid: null,
    efi_system_part_uuid: null,
    prep_boot_part_uuid: null,
    target_boot_mode: bootModeOf(job.node),
  }),
);

/** The medium goes, the session ends, and from now on the machine starts from its disk. */
const leaveRamdisk: Step = {
  name: 'boot_from_disk',
  isIdempotent: true,
  run: async (job) => {
    await job.driver.boot.cleanUpRamdisk(job.node);
    await job.driver.boot.prepareInstance(job.node);
    return {
      ...DONE,
      also: (transaction) => endBoot(transaction, job.parts, job.node.uuid, 'done'),
    };
  },
};

const bootInstance: Step = {
  name: 'boot_instance',
  isIdempotent: true,
  run: async (job) => {
    const timeoutMs = job.parts.options.powerTimeoutMs;
    await job.driver.power.setState(job.node, 'power on', { timeoutMs });
    return { kind: 'done', node: { powerState: 'power on' } };
  },
};

const simulatedDeploy: Step = {
  name: 'simulated_deploy',
  isIdempotent: true,
  run: async (job) => {
    if (job.driver.deploy.kind === 'simulated') await job.driver.deploy.work.deploy(job.node);
    return { kind: 'done', node: { powerState: 'power on' } };
  },
};

/** Steps of the caller's own are taken and then refused by the node, as clients expect of steps that it lacks. */
const checkDeploySteps: Step = {
  name: 'check_deploy_steps',
  isIdempotent: true,
  run: async (job) => {
    const { asked } = job.planned.args;
    throw new Failure(
      'steps.invalid',
      `The node offers no deploy steps to choose from, and ${(asked as string[]).join(', ')} was asked for.`,
    );
  },
};

export const DEPLOY_STEPS: readonly Step[] = [
  checkDeploySteps,
  prepareImage,
  writeImage,
  prepareInstanceBoot,
  tearDownAgent,
  leaveRamdisk,
  bootInstance,
  simulatedDeploy,
];

/** Priorities are the ones that clients know of the direct deploy interface. */
export const deployPlan = (driver: NodeDriver, asked: readonly StepRequest[]): PlannedStep[] => {
  const own = asked.map((step) => `${step.interface}.${step.step}`);
  const first =
    own.length === 0 ? [] : [planned('check_deploy_steps', 'deploy', { asked: own }, 101)];
  if (driver.deploy.kind === 'simulated') {
    return [...first, planned('simulated_deploy', 'deploy', {}, 100)];
  }
  return [
    ...first,
    planned('prepare_image', 'deploy', {}, 100),
    ...bootRamdiskPlan(),
    planned('write_image', 'deploy', { runner: AGENT_STEP_RUNNER.deploy }, 80),
    planned('prepare_instance_boot', 'deploy', {}, 60),
    planned('tear_down_agent', 'deploy', {}, 40),
    planned('boot_from_disk', 'boot', {}, 30),
    planned('boot_instance', 'deploy', {}, 20),
  ];
};

export const DEPLOY: WorkflowKind = {
  name: 'deploy',
  eventType: 'provisioning',
  doneEvent: () => 'done',
  failEvent: 'fail',
  recover: recoverBoot,
  bringToRest: bringRamdiskToRest,
  onEnd: closeBoot,
};
