// Cleaning: nothing of the last tenant, and a record per disk that says so. Automated after `provide` and
// `deleted`, manual with steps of the caller's choice. A node that was not cleaned does not become available.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { NodeDriver } from '#drivers/driver';
import type { PlannedStep, WorkflowRecord } from '#store/workflows';

import { AGENT_STEP_RUNNER, makeAgentStep } from '../agent-session/run-agent-step.ts';
import { recoverBoot } from '../boot-ramdisk/boot-again.ts';
import { bootRamdiskPlan } from '../boot-ramdisk/boot-ramdisk.ts';
import { bringRamdiskToRest, closeBoot } from '../boot-ramdisk/leave-ramdisk.ts';
import type { ProvisionRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { chooserOf, makeStepChooser } from '../steps/choose-steps.ts';
import { byPriority, type OfferedStep, stepsOfDriver } from '../steps/offered-step.ts';
import { planAsked, planOffered } from '../steps/plan-step.ts';
import { askedArguments, hasBegunSteps, isRamdiskUsed } from '../steps/requested-plan.ts';
import { DONE, planned, type Step } from '../workflow/step.ts';
import { SHOWN_AS_KEY } from '../workflow/shown-step.ts';
import type { NextWorkflow, WorkflowKind } from '../workflow/workflow-kind.ts';
import { keepErasures } from './keep-erasures.ts';

const withOverrides = (step: OfferedStep, parts: ConductorParts): OfferedStep => {
  const overrides: { readonly [step: string]: number | undefined } = parts.options.erasePriority;
  return { ...step, priority: overrides[step.step] ?? step.priority };
};

const automatedSteps = (offered: readonly OfferedStep[]): PlannedStep[] =>
  offered
    .filter((step) => step.priority > 0)
    .toSorted(byPriority)
    .map((step) => planOffered('clean', step));

const chooseCleanSteps = makeStepChooser('clean', (job, offered, asked) => {
  if (asked !== undefined) return asked.map((wish) => planAsked('clean', wish, offered));
  const steps = offered.map((step) => withOverrides(step, job.parts));
  const isErasingOff = job.parts.options.erasePriority.erase_devices === 0;
  // What the driver does is no erasing.
  if (!steps.some(({ by, priority }) => by === 'agent' && priority > 0) && !isErasingOff) {
    throw new Failure(
      'steps.invalid',
      'The agent offers no automated clean step that erases disks.',
    );
  }
  return automatedSteps(steps);
});

const simulatedClean: Step = {
  name: 'simulated_clean',
  isIdempotent: true,
  run: async (job) => {
    if (job.driver.deploy.kind === 'simulated') await job.driver.deploy.work.clean(job.node);
    return DONE;
  },
};

export const CLEAN_STEPS: readonly Step[] = [
  chooseCleanSteps,
  simulatedClean,
  makeAgentStep(AGENT_STEP_RUNNER.clean, { kind: 'clean', onDone: keepErasures }),
];

/** What the stock agent gives to erasing. */
const SIMULATED_PRIORITY = 10;
/** It is a step like the ones of agents: when it fails the disks are as they are. */
const SIMULATED_ARGS = { runner: simulatedClean.name, [SHOWN_AS_KEY]: 'erase_devices' };

const plan = (driver: NodeDriver, request: Partial<ProvisionRequest>): PlannedStep[] => {
  const args = askedArguments(request);
  const choose = planned(chooserOf('clean'), 'deploy', args);
  if (isRamdiskUsed(driver, request)) {
    return [
      ...bootRamdiskPlan(),
      choose,
      planned('power_off', 'power'),
      planned('clean_up_ramdisk', 'boot'),
    ];
  }
  if (request.steps !== undefined) return [choose];
  return [
    ...automatedSteps(stepsOfDriver('clean', driver)),
    planned(simulatedClean.name, 'deploy', SIMULATED_ARGS, SIMULATED_PRIORITY),
  ];
};

const MANUAL: JsonObject = { isManual: true };

/** Steps of the caller's choice. */
export const manualClean = (driver: NodeDriver, request: ProvisionRequest): NextWorkflow => ({
  kind: 'clean',
  plan: plan(driver, request),
  context: MANUAL,
});

/** Nothing is done where the operator wants no automated cleaning. */
export const automatedClean = (
  driver: NodeDriver,
  node: Pick<NodeRecord, 'automatedClean'>,
  parts: ConductorParts,
): NextWorkflow => ({
  kind: 'clean',
  plan: (node.automatedClean ?? parts.options.automatedClean) ? plan(driver, {}) : [],
});

const isManual = ({ context }: Pick<WorkflowRecord, 'context'>): boolean =>
  context['isManual'] === true;

export const CLEAN: WorkflowKind = {
  name: 'clean',
  stepField: 'cleanStep',
  eventType: 'cleaning',
  // A retired node is not offered again.
  doneEvent: (workflow, node) => (isManual(workflow) || node.retired ? 'manage' : 'done'),
  failEvent: 'fail',
  targetOverride: (workflow) => (isManual(workflow) ? 'manageable' : undefined),
  // A cleaning that began to change the machine leaves it for a person to look at.
  onFailed: (_node, workflow, failure) =>
    hasBegunSteps(workflow)
      ? { maintenance: true, maintenanceReason: failure.text, fault: 'clean failure' }
      : {},
  recover: recoverBoot,
  bringToRest: bringRamdiskToRest,
  onEnd: closeBoot,
};
