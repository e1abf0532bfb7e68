// PUT states/power: stored as a short workflow of its own, so that a killed process finishes what it promised.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { PowerState, PowerTarget } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { claimLease } from '#store/leases';
import { updateNode } from '#store/nodes';
import { findOpenWorkflow } from '#store/workflows';

import type { ConductorParts } from '../conductor-parts.ts';
import { nodeLocked, requireNode } from '../provision/request-provision.ts';
import { beginWorkflow } from '../workflow/begin-workflow.ts';
import { powerPlan } from './power-steps.ts';

const CLEANING = new Set(['cleaning', 'clean wait']);

const shownTarget = (target: PowerTarget): PowerState =>
  target === 'power off' || target === 'soft power off' ? 'power off' : 'power on';

/** Returns the fence of the lease that was claimed with it. */
export const requestPower = async (
  parts: ConductorParts,
  owner: string,
  uuid: NodeUuid,
  target: PowerTarget,
  timeoutMs: number | undefined,
): Promise<number> =>
  parts.store.transaction(async (transaction) => {
    const node = await requireNode(transaction, uuid);
    const { power } = parts.drivers.driverOf(node);
    if (!power.supportedTargets.includes(target)) {
      throw new Refusal(
        400,
        `Driver ${node.driver} does not support ${target} (disabled or not implemented).`,
      );
    }
    if (CLEANING.has(node.provisionState)) {
      throw new Refusal(
        400,
        `The requested action "${target}" can not be performed on node "${node.name ?? uuid}" while it is in state "${node.provisionState}".`,
      );
    }
    if (node.disablePowerOff && shownTarget(target) === 'power off') {
      throw new Refusal(409, `Power off is disabled for node ${uuid}.`);
    }
    power.validate(node);
    if ((await findOpenWorkflow(transaction, uuid)) !== undefined) {
      throw nodeLocked(node, parts.options.hostname);
    }
    const nowMs = parts.clock.wallMs();
    const claim = { owner, nowMs, leaseMs: parts.options.leaseMs };
    const fence = await claimLease(transaction, uuid, claim);
    if (fence === undefined) throw nodeLocked(node, parts.options.hostname);
    await updateNode(transaction, uuid, {
      targetPowerState: shownTarget(target),
      lastError: null,
      reservation: parts.options.hostname,
    });
    const next = { kind: 'power', plan: powerPlan(node, target, timeoutMs) };
    await beginWorkflow(transaction, uuid, next, nowMs);
    return fence;
  });
