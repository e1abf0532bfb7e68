// Which workflow a verb begins; undefined when the verb is a mere change of state.

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { NodeDriver } from '#drivers/driver';

import { adoptPlan } from '../adopt/adopt.ts';
import { automatedClean, manualClean } from '../clean/clean.ts';
import type { ProvisionRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { deployPlan } from '../deploy/deploy.ts';
import { inspectPlan } from '../inspect/inspect.ts';
import { readHardwarePlan } from '../management/read-hardware.ts';
import { rescuePlan, unrescuePlan } from '../rescue/rescue.ts';
import { servicePlan } from '../service/service.ts';
import { tearDownPlan } from '../tear-down/tear-down.ts';
import { verifyPlan } from '../verify/verify.ts';
import type { NextWorkflow } from '../workflow/workflow-kind.ts';

/** Last, so that what the steps changed is known. */
const withHardwareRead = (driver: NodeDriver, next: NextWorkflow): NextWorkflow => ({
  ...next,
  plan: [...next.plan, ...readHardwarePlan(driver)],
});

/** `node` is as it will be after the verb's event. */
export const plannedWorkflow = (
  parts: ConductorParts,
  node: NodeRecord,
  request: ProvisionRequest,
): NextWorkflow | undefined => {
  const driver = parts.drivers.driverOf(node);
  switch (node.provisionState) {
    case 'verifying':
      return { kind: 'verify', plan: verifyPlan() };
    case 'adopting':
      return { kind: 'adopt', plan: adoptPlan() };
    case 'inspecting':
      return { kind: 'inspect', plan: [...inspectPlan(driver), ...readHardwarePlan(driver)] };
    case 'deploying':
      return { kind: 'deploy', plan: deployPlan(driver, request.steps ?? []) };
    case 'deleting':
      return { kind: 'tear-down', plan: tearDownPlan(driver) };
    case 'cleaning':
      return withHardwareRead(
        driver,
        request.verb === 'clean'
          ? manualClean(driver, request)
          : automatedClean(driver, node, parts),
      );
    case 'rescuing':
      return { kind: 'rescue', plan: rescuePlan() };
    case 'unrescuing':
      return { kind: 'unrescue', plan: unrescuePlan() };
    case 'servicing':
      return { kind: 'service', plan: servicePlan(driver, request) };
    default:
      return undefined;
  }
};
