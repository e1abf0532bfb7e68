// The ramdisk started once more in the middle of the work: because a step asks for it, because the answer with the
// token was lost, or because two spoke for one boot and the operator wants a new try without being asked. Always off
// first, as confirmed by the BMC: nothing that ran before can speak for the new boot.

import { Failure } from '@bessemer/protocol/errors/failure';

import { findOpenSession } from '#store/agent-sessions';
import type { PlannedStep } from '#store/workflows';

import { endSession } from '../agent-session/end-session.ts';
import { noteEvent } from '../trust-events.ts';
import { type Job, planned, type StepDone } from '../workflow/step.ts';

const WAIT_FOR_AGENT = 'wait_for_agent';

/** Named, not imported: the wait for the agent plans them too. */
const BOOT_AGAIN_STEPS = ['power_off', 'renew_session', 'attach_media', 'power_on', WAIT_FOR_AGENT];

export const bootAgainPlan = (): PlannedStep[] =>
  BOOT_AGAIN_STEPS.map((name) => planned(name, 'boot'));

/** In the workflow's context: each is done once in one piece of work. */
const RETRIED_KEY = 'isGrantRetried';
const RECOVERED_KEY = 'isRecovered';

/** A step that has ended wants the machine to be started again before the next one. */
export const withReboot = (job: Job, done: StepDone): StepDone => ({
  ...done,
  steps: [...bootAgainPlan(), ...(done.steps ?? [])],
  also: async (transaction) => {
    await done.also?.(transaction);
    // A token that came by a lookup dies before the reboot is asked for; one in a medium lives with the medium.
    const session = await findOpenSession(transaction, job.node.uuid);
    if (session?.route === 'lookup') {
      await endSession(transaction, job.parts, job.node.uuid, 'reboot');
    }
  },
});

/** A token that was given and never used: the answer may have been lost. Undefined when that was tried already. */
export const retryGrant = (job: Job): StepDone | undefined => {
  const { node, parts, workflow } = job;
  if (workflow.context[RETRIED_KEY] === true) return undefined;
  return {
    kind: 'done',
    context: { [RETRIED_KEY]: true },
    steps: bootAgainPlan(),
    detail: { again: 'the token that was given was never used' },
    also: async (transaction) => {
      const session = await findOpenSession(transaction, node.uuid);
      await endSession(transaction, parts, node.uuid, 'retry');
      await noteEvent(transaction, parts, {
        name: 'agent.grant.retry',
        nodeUuid: node.uuid,
        sessionId: session?.id,
        bootNumber: session?.bootNumber,
        source: session?.givenTo ?? undefined,
        outcome: 'changed',
      });
    },
  };
};

const SUSPECT_CODES: ReadonlySet<string> = new Set(['agent.binding-conflict', 'agent.rival']);

/**
 * After two spoke for one boot, where the operator wants that: a new boot, and the step that was interrupted again.
 * Undefined: the work fails.
 */
export const recoverBoot = (job: Job, error: unknown): StepDone | undefined => {
  const { node, parts, workflow, planned: item } = job;
  const isSuspect = error instanceof Failure && SUSPECT_CODES.has(error.code);
  if (!isSuspect || !parts.options.isRecoveredAutomatically) return undefined;
  if (workflow.context[RECOVERED_KEY] === true) return undefined;
  const again = item.name === WAIT_FOR_AGENT ? [] : [item];
  return {
    kind: 'done',
    context: { [RECOVERED_KEY]: true },
    steps: [...bootAgainPlan(), ...again],
    detail: { again: error.message },
    also: (transaction) => endSession(transaction, parts, node.uuid, 'recovery'),
  };
};
