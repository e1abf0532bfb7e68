// `poll.set_node_info`: what a lookup would have told, for an agent that must not call. Once told, it stays the same
// node. A token in it takes the place of the one of the medium as soon as the conductor uses it.

import { TOKEN_MASK } from '@bessemer/protocol/agent/token';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { parseBessemerConfig } from '#trust/bessemer-config';
import type { AgentContext } from '../agent-context.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Command } from './command.ts';

export const setNodeInfo = (
  context: AgentContext,
  name: string,
  isStandalone: boolean,
): Command => ({
  name,
  kind: 'sync',
  validate: (params) => {
    if (!isStandalone) {
      throw new CommandFailure(
        'InvalidCommandError',
        'Node lookup data can only be set when the Ironic Python Agent is running in standalone mode.',
      );
    }
    const { node } = nodeInfoOf(params);
    if (typeof node?.['uuid'] !== 'string') {
      throw new CommandFailure('InvalidCommandParamsError', "'node_info' must hold a node.");
    }
    const known = context.state.node?.['uuid'] ?? context.configuration.nodeUuid;
    if (known !== null && known !== node['uuid']) {
      throw new CommandFailure('InvalidCommandParamsError', 'This machine is another node.');
    }
  },
  run: async ({ params }) => {
    const { node, config } = nodeInfoOf(params);
    const uuid = node?.['uuid'];
    if (typeof uuid !== 'string') return null;
    if (context.state.node === null) context.log.say(`this machine is node ${uuid}`);
    context.state.node = node;
    const own = parseBessemerConfig(config?.['bessemer']);
    if (own !== null) context.trust.learn(own);
    takeToken(context, config?.['agent_token']);
    return null;
  },
});

const nodeInfoOf = (
  params: JsonObject,
): { readonly node: JsonObject | null; readonly config: JsonObject | null } => {
  const info = isJsonObject(params['node_info']) ? params['node_info'] : {};
  return {
    node: isJsonObject(info['node']) ? info['node'] : null,
    config: isJsonObject(info['config']) ? info['config'] : null,
  };
};

const takeToken = ({ trust, log }: AgentContext, offered: unknown): void => {
  if (typeof offered !== 'string' || offered === TOKEN_MASK) return;
  if (!trust.token.replaceBy(offered)) log.say('the token in the node info is none and is ignored');
};
