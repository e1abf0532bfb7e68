// Power through the chassis commands. Each look and each order is a session of its own, so that a BMC which restarts
// in the middle, or another node's call to it, is no matter.

import type { Clock } from '#clock';

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
import { IpmiFailure } from './failures.ts';
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

const TRIES_MAX = 3;
/** Sessions that others left open, and a BMC that is busy with the switching, need about so long. */
const TRY_AGAIN_MS = 2_000;
/** Whatever these refuse, it was not begun. */
const NOT_BEGUN: readonly string[] = ['sessions-full', 'busy'];
/** Some BMCs lose their network for a while when the machine is switched. */
const NOT_SEEN: readonly string[] = [...NOT_BEGUN, 'no-answer'];

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
  look: () =>
    patiently(parts.clock, NOT_SEEN, () =>
      parts.withIpmi(node, (session) => session.run(chassisStatus())),
    ),
  isAt: ({ isPowerOn }, wanted) => isPowerOn === (wanted === 'on'),
  describe: ({ isPowerOn }) => (isPowerOn ? 'on' : 'off'),
  order: (order) =>
    patiently(parts.clock, NOT_BEGUN, () =>
      parts.withIpmi(node, (session) => session.run(chassisControl(CONTROLS[order]))),
    ),
  pause: async (delayMs) => {
    await pause(parts.clock, delayMs);
    return true;
  },
});

const patiently = async <T>(
  clock: Clock,
  troubles: readonly string[],
  work: () => Promise<T>,
  triesMax = TRIES_MAX,
): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const isWorthAnother = error instanceof IpmiFailure && troubles.includes(error.trouble);
    if (!isWorthAnother || triesMax <= 1) throw error;
    await pause(clock, TRY_AGAIN_MS);
    return patiently(clock, troubles, work, triesMax - 1);
  }
};
