// Adoption: a machine that somebody else deployed becomes ours as it is. Its BMC is verified, and that it could be
// booted; nothing on it is touched.

import type { PlannedStep } from '#store/workflows';

import { verifyPlan } from '../verify/verify.ts';
import { DONE, planned, type Step } from '../workflow/step.ts';
import type { WorkflowKind } from '../workflow/workflow-kind.ts';

const checkBoot: Step = {
  name: 'check_boot',
  isIdempotent: true,
  run: async ({ driver, node }) => {
    driver.boot.validate(node);
    return DONE;
  },
};

export const ADOPT_STEPS: readonly Step[] = [checkBoot];

export const adoptPlan = (): PlannedStep[] => [...verifyPlan(), planned('check_boot', 'boot')];

export const ADOPT: WorkflowKind = {
  name: 'adopt',
  eventType: 'adoption',
  doneEvent: () => 'done',
  failEvent: 'fail',
};
