// `clean.*`, `deploy.*`, `service.*`: which steps there are, and running one of them.

import type { AgentStepKind } from '@bessemer/protocol/agent/step';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { StepRegistry } from '#hardware/steps';
import type { AgentContext } from '../agent-context.ts';
import { CommandFailure, type CommandFailureKind } from '../command-failure.ts';
import type { Command, CommandRun } from './command.ts';

const WRAPPED_AS: { readonly [kind in AgentStepKind]: CommandFailureKind } = {
  clean: 'CleaningError',
  deploy: 'DeploymentError',
  service: 'ServicingError',
};

/** Parameters that are not handed to the step as arguments. */
const OWN_PARAMS = new Set(['step', 'node', 'ports']);

export const stepCommands = (
  kind: AgentStepKind,
  context: AgentContext,
  registry: StepRegistry,
): Command[] => [
  {
    name: `${kind}.get_${kind}_steps`,
    kind: 'sync',
    validate: requireNodeAndPorts,
    run: async ({ params }) => {
      context.state.node = nodeOf(params);
      return {
        [`${kind}_steps`]: registry.list(kind),
        hardware_manager_version: registry.versions(),
      };
    },
  },
  {
    name: `${kind}.execute_${kind}_step`,
    kind: 'async',
    validate: requireNodeAndPorts,
    run: (run) => executeStep(kind, context, registry, run),
  },
];

const requireNodeAndPorts = (params: JsonObject): void => {
  if (!isJsonObject(params['node'])) {
    throw new CommandFailure('InvalidCommandParamsError', "'node' must be an object.");
  }
  if (!Array.isArray(params['ports'])) {
    throw new CommandFailure('InvalidCommandParamsError', "'ports' must be a list.");
  }
};

const nodeOf = (params: JsonObject): JsonObject =>
  isJsonObject(params['node']) ? params['node'] : {};

const executeStep = async (
  kind: AgentStepKind,
  context: AgentContext,
  registry: StepRegistry,
  { params, report }: CommandRun,
): Promise<JsonValue> => {
  const { step, ports } = params;
  if (
    !isJsonObject(step) ||
    typeof step['step'] !== 'string' ||
    typeof step['interface'] !== 'string'
  ) {
    throw new CommandFailure('CommandExecutionError', "The parameter 'step' names no step");
  }
  refuseOtherVersions(params[`${kind}_version`], registry);
  const node = nodeOf(params);
  context.state.node = node;
  const found = registry.find(kind, step['step'], step['interface']);
  const extra = Object.entries(params).filter(
    ([key]) => !OWN_PARAMS.has(key) && key !== `${kind}_version`,
  );
  const args = {
    ...Object.fromEntries(extra),
    ...(isJsonObject(step['args']) ? step['args'] : {}),
  };
  context.log.say(`${kind} step ${found.step} begins`);
  try {
    const value = await found.run({ args, node, ports: Array.isArray(ports) ? ports : [], report });
    context.log.say(`${kind} step ${found.step} has ended`);
    return { [`${kind}_result`]: value, [`${kind}_step`]: step };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    context.log.say(`${kind} step ${found.step} failed: ${text}`);
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(WRAPPED_AS[kind], text, { cause: error });
  }
};

const refuseOtherVersions = (offered: JsonValue | undefined, registry: StepRegistry): void => {
  if (!isJsonObject(offered)) return;
  const current = registry.versions();
  const names = new Set([...Object.keys(current), ...Object.keys(offered)]);
  if ([...names].every((name) => current[name] === offered[name])) return;
  throw new CommandFailure(
    'VersionMismatch',
    `Current versions: ${shown(current)}, versions used by ironic: ${shown(offered)}`,
  );
};

const shown = (versions: JsonObject): string =>
  `{${Object.entries(versions)
    .map(([name, version]) => `'${name}': ${JSON.stringify(version).replaceAll('"', "'")}`)
    .join(', ')}}`;
