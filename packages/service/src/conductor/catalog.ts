// Every kind of workflow and every step, by name: what a stored plan is read with.

import { ALL_BOOT_STEPS } from './boot-ramdisk/boot-ramdisk.ts';
import { cleanUpRamdisk } from './boot-ramdisk/leave-ramdisk.ts';
import { CLEAN, CLEAN_STEPS } from './clean/clean.ts';
import { DEPLOY, DEPLOY_STEPS } from './deploy/deploy.ts';
import { INSPECT, INSPECT_STEPS } from './inspect/inspect.ts';
import { POWER, setPower } from './power/power-steps.ts';
import { TEAR_DOWN, TEAR_DOWN_STEPS } from './tear-down/tear-down.ts';
import { VERIFY, VERIFY_STEPS } from './verify/verify.ts';
import type { Catalog } from './workflow/run-workflow.ts';
import type { WorkflowKind } from './workflow/workflow-kind.ts';

/** Adoption trusts that the machine runs what its owner says; only the BMC is verified. */
const ADOPT: WorkflowKind = { ...VERIFY, name: 'adopt', eventType: 'adoption' };

const KINDS = [VERIFY, ADOPT, INSPECT, CLEAN, DEPLOY, TEAR_DOWN, POWER];

const STEPS = [
  ...VERIFY_STEPS,
  ...ALL_BOOT_STEPS,
  cleanUpRamdisk,
  ...CLEAN_STEPS,
  ...DEPLOY_STEPS,
  ...INSPECT_STEPS,
  ...TEAR_DOWN_STEPS,
  setPower,
];

export const CATALOG: Catalog = {
  kinds: new Map(KINDS.map((kind) => [kind.name, kind])),
  steps: new Map(STEPS.map((step) => [step.name, step])),
};
