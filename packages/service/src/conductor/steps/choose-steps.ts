// Which steps a node gets: those that were asked for, or those that run by themselves. Known when the agent has said
// what it has; a wish that nobody can fulfil fails here, before anything is changed on the machine.

import type { JsonValue } from '@bessemer/protocol/json';

import type { StepListKind } from '#drivers/driver';
import { listPortsOfNode } from '#store/ports';
import type { PlannedStep } from '#store/workflows';

import { commandFailure } from '../agent-session/agent-command.ts';
import { nodeForAgent, portForAgent } from '../agent-session/node-for-agent.ts';
import { withAgent } from '../agent-session/with-agent.ts';
import { stepsOfCredentials } from '../bmc-credential/credential-steps.ts';
import type { StepRequest } from '../conductor.ts';
import type { Job, Step } from '../workflow/step.ts';
import {
  type OfferedStep,
  stepsOfAgent,
  stepsOfDriver,
  stepsOfSimulation,
  withoutHidden,
} from './offered-step.ts';

/** In the plan: what a person asked for, and whether they did so without an agent. */
export const ASKED_KEY = 'asked';
export const NO_RAMDISK_KEY = 'isRamdiskDisabled';

export const chooserOf = (kind: StepListKind): string => `get_${kind}_steps`;

const askAgent = async (job: Job, kind: StepListKind): Promise<readonly OfferedStep[]> => {
  const ports = await listPortsOfNode(job.parts.store.db, job.node.uuid);
  const params = { node: nodeForAgent(job.node), ports: ports.map(portForAgent) };
  const result = await withAgent(job, (agent) =>
    agent.send(`${kind}.get_${kind}_steps`, params, { isWaiting: true }),
  );
  if (result.command_status !== 'SUCCEEDED') throw commandFailure(result);
  return stepsOfAgent(kind, result.command_result);
};

const offeredTo = async (job: Job, kind: StepListKind): Promise<readonly OfferedStep[]> => {
  const byDriver = [...stepsOfDriver(kind, job.driver), ...(await stepsOfCredentials(kind, job))];
  if (job.planned.args[NO_RAMDISK_KEY] === true) return byDriver;
  const inBand =
    job.driver.deploy.kind === 'agent' ? await askAgent(job, kind) : stepsOfSimulation(kind);
  return withoutHidden(inBand, byDriver);
};

export const readAsked = (asked: JsonValue | undefined): readonly StepRequest[] | undefined =>
  Array.isArray(asked) ? (asked as unknown as StepRequest[]) : undefined;

export type Choose = (
  job: Job,
  offered: readonly OfferedStep[],
  asked: readonly StepRequest[] | undefined,
) => readonly PlannedStep[];

export const makeStepChooser = (kind: StepListKind, choose: Choose): Step => ({
  name: chooserOf(kind),
  isIdempotent: true,
  run: async (job) => {
    const offered = await offeredTo(job, kind);
    const steps = choose(job, offered, readAsked(job.planned.args[ASKED_KEY]));
    return { kind: 'done', steps, detail: { steps: steps.map(({ name }) => name) } };
  },
});
