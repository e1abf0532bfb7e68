// What cleaning and servicing have in common: steps that a person chose, with a ramdisk or without, and how far they
// came.

import type { JsonObject } from '@bessemer/protocol/json';

import type { NodeDriver } from '#drivers/driver';
import type { WorkflowRecord } from '#store/workflows';

import type { ProvisionRequest } from '../conductor.ts';
import { ASKED_KEY, NO_RAMDISK_KEY } from './choose-steps.ts';

/** Of the step that chooses. */
export const askedArguments = ({
  steps,
  isRamdiskDisabled,
}: Partial<ProvisionRequest>): JsonObject => ({
  ...(steps === undefined ? {} : { [ASKED_KEY]: steps as unknown as JsonObject[] }),
  ...(isRamdiskDisabled === true ? { [NO_RAMDISK_KEY]: true } : {}),
});

export const isRamdiskUsed = (
  driver: NodeDriver,
  { isRamdiskDisabled }: Partial<ProvisionRequest>,
): boolean => driver.deploy.kind === 'agent' && isRamdiskDisabled !== true;

/** Whether a step was begun that is somebody's choice, and not only our way to it. */
export const hasBegunSteps = ({ plan, cursor }: Pick<WorkflowRecord, 'plan' | 'cursor'>): boolean =>
  plan.slice(0, cursor + 1).some((step) => step.args['runner'] !== undefined);
