// `log.*`, `poll.*`, `system.*`, `rescue.*`: the machine itself.

import type { AgentContext } from '../agent-context.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Command } from './command.ts';
import { makeLogArchive } from './log-archive.ts';
import { setNodeInfo } from './set-node-info.ts';

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
