// `log.*`, `poll.*`, `system.*`, `rescue.*`: the machine itself.

import { isJsonObject } from '@bessemer/protocol/json';
import type { AgentContext } from '../agent-context.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Command } from './command.ts';
import { makeLogArchive } from './log-archive.ts';

export const machineCommands = (context: AgentContext, isStandalone: boolean): Command[] => [
  {
    name: 'log.collect_system_logs',
    kind: 'sync',
    run: async () => ({ system_logs: await makeLogArchive(context) }),
  },
  {
    name: 'poll.get_hardware_info',
    kind: 'sync',
    run: async () => ({ ...(await context.hardware.inventory()) }) as never,
  },
  ...['poll.set_node_info', 'poll.node_info'].map((name) =>
    setNodeInfo(context, name, isStandalone),
  ),
  {
    name: 'system.lockdown',
    kind: 'sync',
    run: async () => {
      context.lockDown();
      return null;
    },
  },
  {
    name: 'rescue.finalize_rescue',
    kind: 'sync',
    run: async () => {
      throw new CommandFailure(
        'CommandExecutionError',
        'This ramdisk has no rescue system; rescue is not supported yet',
      );
    },
  },
];

/** What a lookup would have told, for an agent that must not call. Once told, it stays the same node. */
const setNodeInfo = (context: AgentContext, name: string, isStandalone: boolean): Command => ({
  name,
  kind: 'sync',
  validate: (params) => {
    if (!isStandalone) {
      throw new CommandFailure(
        'InvalidCommandError',
        'Node lookup data can only be set when the Ironic Python Agent is running in standalone mode.',
      );
    }
    const info = params['node_info'];
    const node = isJsonObject(info) ? info['node'] : undefined;
    if (!isJsonObject(node) || typeof node['uuid'] !== 'string') {
      throw new CommandFailure('InvalidCommandParamsError', "'node_info' must hold a node.");
    }
    const known = context.state.node?.['uuid'];
    if (known !== undefined && known !== node['uuid']) {
      throw new CommandFailure('InvalidCommandParamsError', 'This machine is another node.');
    }
  },
  run: async ({ params }) => {
    const info = params['node_info'];
    if (isJsonObject(info) && isJsonObject(info['node'])) context.state.node = info['node'];
    return null;
  },
});
