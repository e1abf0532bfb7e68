// Power through the Reset action of the system.

import type { NodeRecord, PowerState } from '@bessemer/protocol/node/record';

import type { PowerInterface } from '../driver.ts';
import { changePower, POWER_TARGETS, type PowerOrder, type PowerSwitch } from '../power-change.ts';
import type { Bmc } from './bmc-pool.ts';
import type { Resource } from './client.ts';
import { textAt } from './json-guard.ts';
import { reset, type ResetType } from './reset.ts';
import { fetchSystem } from './system.ts';

export type WithBmc = <T>(
  node: NodeRecord,
  work: (bmc: Bmc) => Promise<T>,
  timeoutMs?: number,
) => Promise<T>;

const RESETS: { readonly [order in PowerOrder]: readonly [ResetType, ...ResetType[]] } = {
  on: ['On', 'ForceOn'],
  off: ['ForceOff'],
  'soft-off': ['GracefulShutdown'],
};

export const makeRedfishPower = (
  withBmc: WithBmc,
  validate: (node: NodeRecord) => void,
): PowerInterface => ({
  validate,
  supportedTargets: POWER_TARGETS,
  fetchState: (node) => withBmc(node, async (bmc) => powerStateOf(await fetchSystem(bmc))),
  setState: (node, target, { timeoutMs }) =>
    withBmc(
      node,
      (bmc) =>
        changePower(switchOf(bmc), { target, timeoutMs, pace: bmc.options, clock: bmc.clock }),
      timeoutMs + AFTERMATH_MS,
    ),
});

/** For the requests that are under way when the time for the change is up: that it is up has to be the failure. */
const AFTERMATH_MS = 30_000;

/** A machine on its way down still runs; one on its way up may already write to its disk. */
const powerStateOf = (system: Resource): PowerState => {
  const state = textAt(system.body, 'PowerState');
  if (state === 'Off') return 'power off';
  return state === undefined || !RUNNING_STATES.includes(state) ? 'error' : 'power on';
};

const RUNNING_STATES: readonly string[] = ['On', 'PoweringOn', 'PoweringOff', 'Paused'];

const STATES = { on: 'On', off: 'Off' } as const;

const switchOf = (bmc: Bmc): PowerSwitch<Resource> => ({
  bmc: bmc.client.origin,
  look: () => fetchSystem(bmc),
  isAt: (system, wanted) => textAt(system.body, 'PowerState') === STATES[wanted],
  describe: (system) => textAt(system.body, 'PowerState') ?? 'nothing',
  order: (order, system) => reset(bmc, system, RESETS[order]),
  pause: bmc.operation.pause,
});
