// Which workflow a verb begins; undefined when the verb is a mere change of state.

import type { NodeRecord } from '@bessemer/protocol/node/record';

import { cleanPlan, isAutomatedCleanOn } from '../clean/clean.ts';
import type { ProvisionRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { deployPlan } from '../deploy/deploy.ts';
import { inspectPlan } from '../inspect/inspect.ts';
import { tearDownPlan } from '../tear-down/tear-down.ts';
import { verifyPlan } from '../verify/verify.ts';
import type { NextWorkflow } from '../workflow/workflow-kind.ts';

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
      return { kind: 'adopt', plan: verifyPlan() };
    case 'inspecting':
      return { kind: 'inspect', plan: inspectPlan(driver) };
    case 'deploying':
      return { kind: 'deploy', plan: deployPlan(driver, request.steps ?? []) };
    case 'deleting':
      return { kind: 'tear-down', plan: tearDownPlan(driver) };
    case 'cleaning': {
      const isWanted = request.verb === 'clean' || isAutomatedCleanOn(node, parts);
      const plan = isWanted ? cleanPlan(driver, request.steps) : [];
      return { kind: 'clean', plan: markManual(plan, request) };
    }
    default:
      return undefined;
  }
};

/** A manual cleaning is known by its plan, also on hardware that only pretends to clean. */
const markManual = (plan: NextWorkflow['plan'], request: ProvisionRequest): NextWorkflow['plan'] =>
  request.verb === 'clean'
    ? plan.map((step) => ({ ...step, args: { ...step.args, isManual: true } }))
    : plan;
