// Every command of this agent by its name.

import { builtInSteps } from '#hardware/built-in-steps';
import { makeStepRegistry, type StepManager } from '#hardware/steps';
import type { AgentContext } from '../agent-context.ts';
import { bmcCommands } from './bmc/bmc-commands.ts';
import type { Command } from './command.ts';
import { imageCommands } from './image-commands.ts';
import { machineCommands } from './machine-commands.ts';
import { standbyCommands } from './standby-commands.ts';
import { stepCommands } from './step-commands.ts';

export const commandTable = (
  context: AgentContext,
  plugIns: readonly StepManager[],
): ReadonlyMap<string, Command> => {
  const registry = makeStepRegistry(builtInSteps(context), plugIns);
  const isStandalone = context.configuration.apiUrls.length === 0;
  const commands = [
    ...stepCommands('clean', context, registry),
    ...stepCommands('deploy', context, registry),
    ...stepCommands('service', context, registry),
    ...standbyCommands(context),
    ...imageCommands(context),
    ...machineCommands(context, isStandalone),
    ...bmcCommands(context),
  ];
  return new Map(commands.map((command) => [command.name, command]));
};
