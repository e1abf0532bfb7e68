// Servicing: steps of a person's choice on a machine that is in use, with its instance left as it is.

import type { NodeDriver } from '#drivers/driver';
import type { PlannedStep } from '#store/workflows';

import { AGENT_STEP_RUNNER, makeAgentStep } from '../agent-session/run-agent-step.ts';
import { recoverBoot } from '../boot-ramdisk/boot-again.ts';
import { bootRamdiskPlan } from '../boot-ramdisk/boot-ramdisk.ts';
import { bringRamdiskToRest, closeBoot } from '../boot-ramdisk/leave-ramdisk.ts';
import type { ProvisionRequest } from '../conductor.ts';
import { chooserOf, makeStepChooser } from '../steps/choose-steps.ts';
import { planAsked } from '../steps/plan-step.ts';
import { askedArguments, hasBegunSteps, isRamdiskUsed } from '../steps/requested-plan.ts';
import { planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';

const chooseServiceSteps = makeStepChooser('service', (_job, offered, asked) =>
  (asked ?? []).map((wish) => planAsked('service', wish, offered)),
);

export const SERVICE_STEPS: readonly Step[] = [
  chooseServiceSteps,
  makeAgentStep(AGENT_STEP_RUNNER.service, { kind: 'service' }),
];

export const servicePlan = (driver: NodeDriver, request: ProvisionRequest): PlannedStep[] => {
  const choose = planned(chooserOf('service'), 'deploy', askedArguments(request));
  if (!isRamdiskUsed(driver, request)) return [choose];
  return [
    ...bootRamdiskPlan(),
    choose,
    planned('tear_down_agent', 'deploy'),
    planned('boot_from_disk', 'boot'),
    planned('boot_instance', 'deploy'),
  ];
};

export const SERVICE: WorkflowKind = {
  name: 'service',
  stepField: 'serviceStep',
  eventType: 'servicing',
  doneEvent: () => 'done',
  failEvent: 'fail',
  onFailed: (_node, workflow, failure) =>
    hasBegunSteps(workflow)
      ? { maintenance: true, maintenanceReason: failure.text, fault: 'service failure' }
      : {},
  recover: recoverBoot,
  // Without a ramdisk the instance runs on, and is not switched off because a step failed.
  bringToRest: async (job) =>
    typeof job.workflow.context['sessionId'] === 'string' ? bringRamdiskToRest(job) : [],
  onEnd: closeBoot,
};
