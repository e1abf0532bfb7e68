// How a ramdisk of ours gets to a machine, and how its agent and the service come to trust each other: decided anew
// for each boot, from the node, its driver and the options.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { NodeDriver } from '#drivers/driver';
import type { AgentSessionRecord } from '#store/agent-sessions';

import type { ConductorOptions } from '../conductor-parts.ts';

export type SessionWish = {
  readonly transport: AgentSessionRecord['transport'];
  readonly route: AgentSessionRecord['route'];
  /** What an agent that passes every check reaches by this way; one that proves its key at lookup reaches 2. */
  readonly trustLevel: number;
};

const TRUE_WORDS = new Set(['true', '1', 'yes', 'on']);
const FALSE_WORDS = new Set(['false', '0', 'no', 'off']);

/** `driver_info.agent_poll_only`, else `[agent] poll_only`. Throws `Refusal` for what is neither true nor false. */
export const isPollOnly = (
  node: Pick<NodeRecord, 'driverInfo'>,
  options: Pick<ConductorOptions, 'isPollOnly'>,
): boolean => {
  const own = node.driverInfo['agent_poll_only'];
  if (own === undefined || own === null) return options.isPollOnly;
  const word = typeof own === 'object' ? '' : String(own).toLowerCase();
  if (TRUE_WORDS.has(word)) return true;
  if (FALSE_WORDS.has(word)) return false;
  throw new Refusal(400, 'driver_info agent_poll_only must be true or false');
};

/** `driver_info.agent_min_trust` may raise what `[agent] min_trust_level` asks, never lower it. */
export const minTrustLevelOf = (
  node: Pick<NodeRecord, 'driverInfo'>,
  options: Pick<ConductorOptions, 'minTrustLevel'>,
): number => {
  const own = node.driverInfo['agent_min_trust'];
  if (own === undefined || own === null) return options.minTrustLevel;
  const level = Number(own);
  if (!Number.isInteger(level) || level < 0 || level > 3) {
    throw new Refusal(400, 'driver_info agent_min_trust must be 0, 1, 2 or 3');
  }
  return Math.max(level, options.minTrustLevel);
};

/** An agent that proves its key at its lookup. */
const KEY_PROVEN = 2;
const KEY_IN_MEDIUM = 2;
/** The key, or the first sight of it, crosses the provisioning network unprotected. */
const KEY_BY_NETWORK = 1;

export const sessionWish = (
  node: Pick<NodeRecord, 'driverInfo'>,
  driver: Pick<NodeDriver, 'boot'>,
  options: Pick<ConductorOptions, 'isPollOnly'>,
): SessionWish => {
  const isNetwork = driver.boot.route === 'network';
  if (isPollOnly(node, options)) {
    return {
      transport: isNetwork ? 'network' : 'vmedia',
      route: 'poll',
      trustLevel: isNetwork ? KEY_BY_NETWORK : KEY_IN_MEDIUM,
    };
  }
  return isNetwork
    ? { transport: 'network', route: 'lookup', trustLevel: KEY_BY_NETWORK }
    : { transport: 'vmedia', route: 'vmedia', trustLevel: KEY_IN_MEDIUM };
};

/** The most that any agent can reach by this way. */
export const reachableTrustLevel = ({ route, trustLevel }: SessionWish): number =>
  route === 'lookup' ? Math.max(trustLevel, KEY_PROVEN) : trustLevel;
