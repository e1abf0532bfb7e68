// A clean or deploy step that the agent performs. Its place in the plan says which; the step object travels to the
// agent unchanged and comes back with the result, which is how a lost answer or a killed conductor finds it again.

import type { CommandResult } from '@bessemer/protocol/agent/command';
import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { listPortsOfNode } from '#store/ports';

import { withReboot } from '../boot-ramdisk/boot-again.ts';
import { DONE, type Job, type Step, type StepDone, type StepResult } from '../workflow/step.ts';
import { commandFailure, progressOf, isFirstWait, waitForCommand } from './agent-command.ts';
import { nodeForAgent, portForAgent } from './node-for-agent.ts';
import { noteRestart } from './note-restart.ts';
import { forgiveBriefSilence } from './silence.ts';
import { withAgent } from './with-agent.ts';

export type AgentStepKind = 'clean' | 'deploy' | 'service';

/** Made when the plan is made; the runner is found by this name, whatever the step itself is called. */
export const AGENT_STEP_RUNNER = {
  clean: 'agent-clean-step',
  /** Writes the image. */
  deploy: 'agent-deploy-step',
  /** Any other step of a deployment. */
  ownDeploy: 'agent-own-deploy-step',
  service: 'agent-service-step',
} as const;

/** In the plan: the agent said that the machine must be started again behind this step. */
export const REBOOT_KEY = 'isRebootRequested';

export type AgentStepOptions = {
  readonly kind: AgentStepKind;
  /** Arguments that are not kept in the plan: they are large, secret or short-lived. */
  readonly args?: (job: Job) => Promise<JsonObject>;
  /** What a good end means for the node, e.g. erasure records. */
  readonly onDone?: (job: Job, result: JsonObject) => StepDone;
};

/** Tells this execution from every other one of the same step, on this boot and any other. */
const markOf = (job: Job): string => `${job.workflow.id}/${job.workflow.cursor}`;

const requestedStep = (job: Job): JsonObject => ({
  step: job.planned.name,
  interface: job.planned.interface,
  priority: job.planned.priority,
  bessemer_mark: markOf(job),
});

const isOurs = (job: Job, kind: AgentStepKind, result: CommandResult): boolean => {
  const echo = isJsonObject(result.command_result)
    ? result.command_result[`${kind}_step`]
    : undefined;
  return isJsonObject(echo) && echo['bessemer_mark'] === markOf(job);
};

export const makeAgentStep = (name: string, options: AgentStepOptions): Step => {
  const { kind } = options;
  const command = `execute_${kind}_step`;

  const send = async (job: Job): Promise<StepResult> => {
    const step = requestedStep(job);
    const planned = isJsonObject(job.planned.args['args']) ? job.planned.args['args'] : {};
    const args = { ...planned, ...(await options.args?.(job)) };
    if (Object.keys(args).length > 0) step['args'] = args;
    const ports = await listPortsOfNode(job.parts.store.db, job.node.uuid);
    await withAgent(job, (agent) =>
      agent.send(
        `${kind}.${command}`,
        { step, node: nodeForAgent(job.node), ports: ports.map(portForAgent) },
        { isWaiting: false },
      ),
    );
    return waitForCommand(job, { isFirst: true });
  };

  const judge = (job: Job, last: CommandResult): StepResult | undefined => {
    if (last.command_name !== command) return undefined;
    if (last.command_status === 'RUNNING') {
      const progress = progressOf(last);
      return waitForCommand(job, {
        isFirst: isFirstWait(job),
        ...(progress === undefined ? {} : { progress }),
      });
    }
    if (last.command_status === 'SUCCEEDED') {
      if (!isOurs(job, kind, last)) return undefined;
      const result = isJsonObject(last.command_result) ? last.command_result : {};
      const own = result[`${kind}_result`];
      const done = options.onDone?.(job, isJsonObject(own) ? own : {}) ?? DONE;
      return job.planned.args[REBOOT_KEY] === true ? withReboot(job, done) : done;
    }
    throw commandFailure(last);
  };

  const look = async (job: Job): Promise<StepResult> => {
    let last: CommandResult | undefined;
    try {
      last = (await withAgent(job, (agent) => agent.list()))?.at(-1);
    } catch (error) {
      await forgiveBriefSilence(job, error);
      return waitForCommand(job, { isFirst: false });
    }
    if (last === undefined) {
      await noteRestart(job.parts, job.node.uuid);
      throw new Failure(
        'agent.restarted',
        `The agent forgot that it was told ${job.planned.name}: it restarted outside our control.`,
      );
    }
    return judge(job, last) ?? waitForCommand(job, { isFirst: false });
  };

  return {
    name,
    isIdempotent: false,
    run: send,
    look,
    // The command may or may not have been taken before the process died: the agent's own list knows.
    reconcile: async (job) => {
      const last = (await withAgent(job, (agent) => agent.list()))?.at(-1);
      const known = last === undefined ? undefined : judge(job, last);
      return known ?? send(job);
    },
  };
};
