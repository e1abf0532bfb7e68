// A plain asynchronous command of the agent as a step: found again by its name at the end of the agent's list.

import type { CommandResult } from '@bessemer/protocol/agent/command';
import type { JsonObject } from '@bessemer/protocol/json';

import { DONE, type Job, type Step, type StepResult } from '../workflow/step.ts';
import { commandFailure, isFirstWait, waitForCommand } from './agent-command.ts';
import { forgiveBriefSilence } from './silence.ts';
import { withAgent } from './with-agent.ts';

export const makeCommandStep = (
  name: string,
  command: string,
  params: (job: Job) => JsonObject,
): Step => {
  const short = command.slice(command.indexOf('.') + 1);

  const judge = (job: Job, last: CommandResult | undefined): StepResult | undefined => {
    if (last?.command_name !== short) return undefined;
    if (last.command_status === 'RUNNING') {
      return waitForCommand(job, { isFirst: isFirstWait(job) });
    }
    if (last.command_status === 'SUCCEEDED') return DONE;
    throw commandFailure(last);
  };

  const send = async (job: Job): Promise<StepResult> => {
    await withAgent(job, (agent) => agent.send(command, params(job), { isWaiting: false }));
    return waitForCommand(job, { isFirst: true });
  };

  const last = async (job: Job): Promise<CommandResult | undefined> =>
    (await withAgent(job, (agent) => agent.list()))?.at(-1);

  return {
    name,
    isIdempotent: false,
    run: send,
    look: async (job) => {
      try {
        return judge(job, await last(job)) ?? waitForCommand(job, { isFirst: false });
      } catch (error) {
        await forgiveBriefSilence(job, error);
        return waitForCommand(job, { isFirst: false });
      }
    },
    reconcile: async (job) => judge(job, await last(job)) ?? send(job),
  };
};
