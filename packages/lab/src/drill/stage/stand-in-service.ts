// A service for agents that are attacked without one: it knows one node, shows the mask, and takes heartbeats.

import type { AgentReply, AgentRequest } from './played-agent.ts';
import { LONE_NODE } from './lone-files.ts';

const VERSIONS = { default_version: { id: 'v1', min_version: '1.1', version: '1.82' } };
const LOOKUP = {
  node: { uuid: LONE_NODE, properties: {}, instance_info: {}, driver_internal_info: {} },
  config: { heartbeat_timeout: 300, agent_token: '******', agent_token_required: true },
};

export const standInReply = ({ method, target }: AgentRequest): AgentReply => {
  if (method === 'POST') return { status: 202, body: '' };
  if (target.startsWith('/v1/lookup')) return { status: 200, body: JSON.stringify(LOOKUP) };
  return { status: 200, body: JSON.stringify(VERSIONS) };
};
