// A step that the driver performs; its facts are stored with its end.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import type { DriverStep, NodeDriver } from '#drivers/driver';
import type { PlannedStep } from '#store/workflows';

import { readHardware } from '../management/read-hardware.ts';
import type { Job, Step } from '../workflow/step.ts';
import { DRIVER_STEP_RUNNER } from './plan-step.ts';

export const argsOf = ({ args }: PlannedStep): JsonObject =>
  isJsonObject(args['args']) ? args['args'] : {};

export const requireDriverStep = (driver: NodeDriver, item: PlannedStep): DriverStep => {
  const found = driver.steps?.find(
    ({ interface: kind, step }) => kind === item.interface && step === item.name,
  );
  if (found !== undefined) return found;
  throw new Failure(
    'steps.invalid',
    `The driver of the node has no step ${item.interface}.${item.name} any more.`,
  );
};

/** Nobody knows what a vendor's step does when it is done twice; all others bring about a state. */
export const refuseSecondTime = ({ planned: { interface: kind, name } }: Job): void => {
  if (kind !== 'vendor') return;
  throw new Failure(
    'node.invalid',
    `The service stopped while the step ${kind}.${name} ran. It is not done a second time; ` +
      'look at the machine, and ask for it again if need be.',
  );
};

export const driverStep: Step = {
  name: DRIVER_STEP_RUNNER,
  isIdempotent: false,
  reconcile: async (job) => {
    refuseSecondTime(job);
    return driverStep.run(job);
  },
  run: async (job) => {
    const step = requireDriverStep(job.driver, job.planned);
    const { node, isHardwareChanged } = await step.run(job.node, argsOf(job.planned));
    return {
      kind: 'done',
      ...(node === undefined ? {} : { node }),
      ...(isHardwareChanged === true ? { also: await readHardware(job) } : {}),
    };
  },
};
