// Deployment: an image on the machine's disk, a config drive behind it, and the machine started from it.

import type { JsonObject } from '@bessemer/protocol/json';

import type { PlannedStep } from '#store/workflows';
import type { NodeDriver } from '#drivers/driver';

import { makeCommandStep } from '../agent-session/command-step.ts';
import { AGENT_STEP_RUNNER, makeAgentStep } from '../agent-session/run-agent-step.ts';
import { recoverBoot } from '../boot-ramdisk/boot-again.ts';
import { bootRamdiskPlan } from '../boot-ramdisk/boot-ramdisk.ts';
import {
  bringRamdiskToRest,
  closeBoot,
  endBoot,
  withdrawRamdisk,
} from '../boot-ramdisk/leave-ramdisk.ts';
import type { StepRequest } from '../conductor.ts';
import { ASKED_KEY, chooserOf } from '../steps/choose-steps.ts';
import { stepsOfDriver } from '../steps/offered-step.ts';
import { SHOWN_AS_KEY } from '../workflow/shown-step.ts';
import { DONE, planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';
import { bootModeOf } from './boot-mode.ts';
import { chooseDeploySteps, splitSteps } from './deploy-steps.ts';
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
    await withdrawRamdisk(job);
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

export const DEPLOY_STEPS: readonly Step[] = [
  chooseDeploySteps,
  prepareImage,
  writeImage,
  makeAgentStep(AGENT_STEP_RUNNER.ownDeploy, { kind: 'deploy' }),
  prepareInstanceBoot,
  tearDownAgent,
  leaveRamdisk,
  bootInstance,
  simulatedDeploy,
];

/** Of the step that others are ordered around. */
const FIRST_PRIORITY = 100;

const WITH_AGENT: readonly PlannedStep[] = [
  planned('write_image', 'deploy', { runner: AGENT_STEP_RUNNER.deploy }, 80),
  planned('prepare_instance_boot', 'deploy', {}, 60),
  planned('tear_down_agent', 'deploy', {}, 40),
  planned('boot_from_disk', 'boot', { [SHOWN_AS_KEY]: 'switch_to_tenant_network' }, 30),
  planned('boot_instance', 'deploy', {}, 20),
];

/**
 * `asked`: what was asked for, or came with a template. What only the agent knows is put in when it has said what it
 * has; the steps of the driver that come before everything else need nobody to be booted.
 */
export const deployPlan = (driver: NodeDriver, asked: readonly StepRequest[]): PlannedStep[] => {
  const first = planned(
    driver.deploy.kind === 'agent' ? 'prepare_image' : 'simulated_deploy',
    'deploy',
    { [SHOWN_AS_KEY]: 'deploy' },
    FIRST_PRIORITY,
  );
  const core = driver.deploy.kind === 'agent' ? WITH_AGENT : [];
  const boot = driver.deploy.kind === 'agent' ? bootRamdiskPlan() : [];
  const byDriver = stepsOfDriver('deploy', driver);
  const isChosen = asked.length > 0 || byDriver.some(({ priority }) => priority > 0);
  if (!isChosen) return [first, ...boot, ...core];
  const { before, others } = splitSteps(asked, byDriver, FIRST_PRIORITY);
  const choose = planned(chooserOf('deploy'), 'deploy', {
    [ASKED_KEY]: others as unknown as JsonObject[],
    core: core as unknown as JsonObject[],
  });
  if (driver.deploy.kind === 'agent') return [...before, first, ...boot, choose];
  return [...before, first, choose];
};

export const DEPLOY: WorkflowKind = {
  name: 'deploy',
  stepField: 'deployStep',
  eventType: 'provisioning',
  doneEvent: () => 'done',
  failEvent: 'fail',
  recover: recoverBoot,
  bringToRest: bringRamdiskToRest,
  onEnd: closeBoot,
};
