// What an operator should know about how far agents are trusted here. Pure: facts in, sentences out.

import { isAgentApiOff } from '#config/agent-listener-options';
import type { Settings } from '#config/schema';
import type { SessionFacts } from '#store/session-counts';

export type TrustReport = {
  /** Open sessions by trust level. */
  readonly openByLevel: { readonly [level: string]: number };
  readonly openByState: { readonly [state: string]: number };
  /** Versions of agents that do not sign, with how many nodes ran them. */
  readonly stockAgents: { readonly [version: string]: number };
  /** Options that are set and do nothing, and why. */
  readonly inert: readonly string[];
  /** Who can reach the lookup at all. */
  readonly lookupFrom: readonly string[];
  /** Settings that lower what is proved. */
  readonly lowered: readonly string[];
};

const countBy = (texts: readonly string[]): { readonly [text: string]: number } => {
  const counts: { [text: string]: number } = {};
  for (const text of texts.toSorted()) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
};

const stockAgents = (sessions: readonly SessionFacts[]): { readonly [version: string]: number } => {
  const lastOfNode = new Map<string, string>();
  for (const { nodeUuid, agentVersion, isSigning } of sessions) {
    if (agentVersion !== null && !isSigning) lastOfNode.set(nodeUuid, agentVersion);
  }
  return countBy([...lastOfNode.values()]);
};

const inert = ({ DEFAULT, agent, api }: Settings, isOff: boolean): readonly string[] => [
  ...(DEFAULT.require_agent_token
    ? []
    : ['DEFAULT.require_agent_token: a token is always required.']),
  ...(isOff && agent.allowed_networks.length > 0
    ? ['agent.allowed_networks: the agent API is off, nobody reaches it.']
    : []),
  ...(isOff && api.public_agent_routes === 'policy'
    ? ['api.public_agent_routes: the agent API is off.']
    : []),
  ...(agent.poll_networks.length > 0 && !agent.poll_only
    ? ['agent.poll_networks: only nodes with driver_info agent_poll_only are polled.']
    : []),
  ...((agent.min_trust_level ?? 0) > 2
    ? ['agent.min_trust_level 3: no agent reaches it yet; every agent is refused.']
    : []),
];

const lowered = ({ agent, api, boot }: Settings): readonly string[] => [
  ...(agent.require_tls
    ? []
    : ['agent.require_tls is off: tokens may cross the network in clear text.']),
  ...(boot.tls ? [] : ['boot.tls is off: boot media, with their tokens, cross in clear text.']),
  ...(agent.lookup_window_enforce === 'enforce'
    ? []
    : ['agent.lookup_window_enforce is warn: tokens are given outside their window too.']),
  ...(agent.lookup_source_check === 'off'
    ? ['agent.lookup_source_check is off: the source of a lookup is not compared.']
    : []),
  ...(api.restrict_lookup
    ? []
    : ['api.restrict_lookup is off: lookups are answered in every state.']),
  ...(agent.min_trust_level === 0
    ? ['agent.min_trust_level is 0: agents without TLS are taken.']
    : []),
];

export const trustReport = (settings: Settings, sessions: readonly SessionFacts[]): TrustReport => {
  const { agent } = settings;
  const isOff = isAgentApiOff(settings);
  const open = sessions.filter((session) => session.isOpen);
  const networks =
    agent.allowed_networks.length === 0
      ? [`every address that reaches ${agent.listen}`]
      : agent.allowed_networks;
  return {
    openByLevel: countBy(open.map(({ trustLevel }) => String(trustLevel))),
    openByState: countBy(open.map(({ state }) => state)),
    stockAgents: stockAgents(sessions),
    inert: inert(settings, isOff),
    lookupFrom: isOff ? [] : networks,
    lowered: lowered(settings),
  };
};

const section = (title: string, lines: readonly string[]): readonly string[] => [
  title,
  ...(lines.length === 0 ? ['  none'] : lines.map((line) => `  ${line}`)),
];

const counts = (of: { readonly [name: string]: number }, what: string): readonly string[] =>
  Object.entries(of).map(([name, count]) => `${what}${name}: ${count}`);

export const trustReportLines = (report: TrustReport): readonly string[] => [
  ...section('Open sessions by trust level', counts(report.openByLevel, 'level ')),
  ...section('Open sessions by state', counts(report.openByState, '')),
  ...section('Stock agents seen in the last 30 days, by version', counts(report.stockAgents, '')),
  ...section('Lookup can be reached from', report.lookupFrom),
  ...section('Options that have no effect', report.inert),
  ...section('Options that lower what is proved', report.lowered),
];
