// PUT states/power: stored as a short workflow of its own, so that a killed process finishes what it promised.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord, PowerState, PowerTarget } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { NodeDriver } from '#drivers/driver';

import type { Caller } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';
import { requestWork } from '../management/request-work.ts';
import type { Scheduler } from '../scheduler.ts';
import { withCaller } from '../workflow/asked-by.ts';
import type { NextWorkflow } from '../workflow/workflow-kind.ts';
import { powerPlan } from './power-steps.ts';

const CLEANING = new Set(['cleaning', 'clean wait']);

const shownTarget = (target: PowerTarget): PowerState =>
  target === 'power off' || target === 'soft power off' ? 'power off' : 'power on';

const requirePossible = (
  node: NodeRecord,
  { power }: Pick<NodeDriver, 'power'>,
  target: PowerTarget,
): void => {
  if (!power.supportedTargets.includes(target)) {
    throw new Refusal(
      400,
      `Driver ${node.driver} does not support ${target} (disabled or not implemented).`,
    );
  }
  if (CLEANING.has(node.provisionState)) {
    throw new Refusal(
      400,
      `The requested action "${target}" can not be performed on node "${node.name ?? node.uuid}" while it is in state "${node.provisionState}".`,
    );
  }
  if (node.disablePowerOff && shownTarget(target) === 'power off') {
    throw new Refusal(409, `Power off is disabled for node ${node.uuid}.`);
  }
  power.validate(node);
};

/** Returns the fence of the lease that was claimed with it. */
export const requestPower = (
  parts: ConductorParts,
  scheduler: Pick<Scheduler, 'owner' | 'isFull'>,
  uuid: NodeUuid,
  target: PowerTarget,
  { timeoutMs, caller }: { readonly timeoutMs: number | undefined; readonly caller?: Caller },
): Promise<number> =>
  requestWork(parts, scheduler, uuid, ({ node, driver }) => {
    requirePossible(node, driver, target);
    return {
      ...withCaller<NextWorkflow>(
        { kind: 'power', plan: powerPlan(node, target, timeoutMs) },
        caller,
      ),
      changes: { targetPowerState: shownTarget(target) },
    };
  });
