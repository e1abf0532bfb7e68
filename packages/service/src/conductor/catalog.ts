// Every kind of workflow and every step, by name: what a stored plan is read with.

import { ADOPT, ADOPT_STEPS } from './adopt/adopt.ts';
import { ROTATE, rotateCredentials } from './bmc-credential/rotation/rotate-step.ts';
import { TAKE_OVER_STEPS } from './bmc-credential/take-over.ts';
import { ALL_BOOT_STEPS } from './boot-ramdisk/boot-ramdisk.ts';
import { cleanUpRamdisk } from './boot-ramdisk/leave-ramdisk.ts';
import { CLEAN, CLEAN_STEPS } from './clean/clean.ts';
import { DEPLOY, DEPLOY_STEPS } from './deploy/deploy.ts';
import { INSPECT, INSPECT_STEPS } from './inspect/inspect.ts';
import { DISCOVER, DISCOVER_STEPS } from './discovery/discover-workflow.ts';
import { HARDWARE, HARDWARE_STEPS } from './management/hardware-steps.ts';
import { readHardwareStep } from './management/read-hardware.ts';
import { POWER, setPower } from './power/power-steps.ts';
import { RESCUE, RESCUE_STEPS, UNRESCUE } from './rescue/rescue.ts';
import { SERVICE, SERVICE_STEPS } from './service/service.ts';
import { childStep } from './steps/child-step.ts';
import { driverStep } from './steps/driver-step.ts';
import { reservedStep } from './steps/reserved-steps.ts';
import { simulatedStep } from './steps/simulated-step.ts';
import { TEAR_DOWN, TEAR_DOWN_STEPS } from './tear-down/tear-down.ts';
import { VERIFY, VERIFY_STEPS } from './verify/verify.ts';
import type { Catalog } from './workflow/run-workflow.ts';

const KINDS = [
  VERIFY,
  ADOPT,
  INSPECT,
  CLEAN,
  DEPLOY,
  TEAR_DOWN,
  RESCUE,
  UNRESCUE,
  SERVICE,
  POWER,
  HARDWARE,
  ROTATE,
  DISCOVER,
];

const STEPS = [
  ...VERIFY_STEPS,
  ...ALL_BOOT_STEPS,
  cleanUpRamdisk,
  ...CLEAN_STEPS,
  ...DEPLOY_STEPS,
  ...INSPECT_STEPS,
  ...TEAR_DOWN_STEPS,
  ...ADOPT_STEPS,
  ...RESCUE_STEPS,
  ...SERVICE_STEPS,
  reservedStep,
  driverStep,
  simulatedStep,
  childStep,
  setPower,
  ...HARDWARE_STEPS,
  readHardwareStep,
  rotateCredentials,
  ...TAKE_OVER_STEPS,
  ...DISCOVER_STEPS,
];

export const CATALOG: Catalog = {
  kinds: new Map(KINDS.map((kind) => [kind.name, kind])),
  steps: new Map(STEPS.map((step) => [step.name, step])),
};
