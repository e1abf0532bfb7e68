// Power through the chassis commands. Each look and each order is a session of its own, so that a BMC which restarts
// in the middle, or another node's call to it, is no matter.

import type { Clock } from '#clock';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { PowerInterface } from '../driver.ts';
import { pause } from '../pause.ts';
import { changePower, POWER_TARGETS, type PowerOrder, type PowerSwitch } from '../power-change.ts';
import {
  chassisControl,
  chassisStatus,
  type ChassisControl,
  type ChassisStatus,
} from './commands/chassis.ts';
import type { IpmiOptions } from './options.ts';
import type { IpmiSession } from './session.ts';

export type WithIpmi = <T>(
  node: NodeRecord,
  work: (session: IpmiSession) => Promise<T>,
) => Promise<T>;

export type PowerParts = {
  readonly withIpmi: WithIpmi;
  readonly validate: (node: NodeRecord) => void;
  /** As texts name the BMC. */
  readonly originOf: (node: NodeRecord) => string;
  readonly options: IpmiOptions;
  readonly clock: Clock;
};

const CONTROLS: { readonly [order in PowerOrder]: ChassisControl } = {
  on: 'power-on',
  off: 'power-off',
  'soft-off': 'soft-off',
};

/** Some BMCs lose their network for a while when the machine is switched; each look waits for some seconds. */
const LOOKS_MAX = 3;

export const makeIpmiPower = (parts: PowerParts): PowerInterface => ({
  validate: parts.validate,
  supportedTargets: POWER_TARGETS,
  fetchState: async (node) => {
    const { isPowerOn } = await parts.withIpmi(node, (session) => session.run(chassisStatus()));
    return isPowerOn ? 'power on' : 'power off';
  },
  setState: (node, target, { timeoutMs }) =>
    changePower(switchOf(parts, node), {
      target,
      timeoutMs,
      pace: parts.options,
      clock: parts.clock,
    }),
});

const switchOf = (parts: PowerParts, node: NodeRecord): PowerSwitch<ChassisStatus> => ({
  bmc: parts.originOf(node),
  look: () => look(parts, node, LOOKS_MAX),
  isAt: ({ isPowerOn }, wanted) => isPowerOn === (wanted === 'on'),
  describe: ({ isPowerOn }) => (isPowerOn ? 'on' : 'off'),
  order: (order) => parts.withIpmi(node, (session) => session.run(chassisControl(CONTROLS[order]))),
  pause: async (delayMs) => {
    await pause(parts.clock, delayMs);
    return true;
  },
});

const look = async (
  parts: PowerParts,
  node: NodeRecord,
  looksMax: number,
): Promise<ChassisStatus> => {
  try {
    return await parts.withIpmi(node, (session) => session.run(chassisStatus()));
  } catch (error) {
    const isWorthAnother = error instanceof Failure && error.code === 'bmc.unreachable';
    if (!isWorthAnother || looksMax <= 1) throw error;
    return look(parts, node, looksMax - 1);
  }
};
