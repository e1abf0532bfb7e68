// Power, by read-back. What a BMC answers to a reset says little: some accept and do nothing, some do it and
// lose the answer, some report the state that was asked for while the machine is still on its way. So a change
// is: look, order, look until two readings in a row agree.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord, PowerState, PowerTarget } from '@bessemer/protocol/node/record';

import type { PowerInterface } from '../driver.ts';
import type { Bmc } from './bmc-pool.ts';
import type { Resource } from './client.ts';
import { textAt } from './json-guard.ts';
import { BmcRefused } from './refused.ts';
import { reset, type ResetType } from './reset.ts';
import { fetchSystem } from './system.ts';

export type WithBmc = <T>(
  node: NodeRecord,
  work: (bmc: Bmc) => Promise<T>,
  timeoutMs?: number,
) => Promise<T>;

type Way = {
  readonly wanted: 'On' | 'Off';
  readonly types: readonly [ResetType, ...ResetType[]];
  /** Whether an order that shows no effect is given again: not to an operating system that is shutting down. */
  readonly isRepeated: boolean;
};

const POWER_ON: Way = { wanted: 'On', types: ['On', 'ForceOn'], isRepeated: true };
const POWER_OFF: Way = { wanted: 'Off', types: ['ForceOff'], isRepeated: true };
const SOFT_OFF: Way = { wanted: 'Off', types: ['GracefulShutdown'], isRepeated: false };

/** Restarts are off and on again, each read back: a reset of a running machine leaves nothing to verify. */
const WAYS: { readonly [target in PowerTarget]: readonly Way[] } = {
  'power on': [POWER_ON],
  'power off': [POWER_OFF],
  'soft power off': [SOFT_OFF],
  rebooting: [POWER_OFF, POWER_ON],
  'soft rebooting': [SOFT_OFF, POWER_ON],
};

/** An order without effect for so long was lost; honest BMCs switch within a few seconds. */
const ORDER_AGAIN_MS = 15_000;
const ORDERS_MAX = 3;

export const makeRedfishPower = (
  withBmc: WithBmc,
  validate: (node: NodeRecord) => void,
): PowerInterface => ({
  validate,
  supportedTargets: ['power on', 'power off', 'rebooting', 'soft power off', 'soft rebooting'],
  fetchState: (node) => withBmc(node, async (bmc) => powerStateOf(await fetchSystem(bmc))),
  setState: (node, target, { timeoutMs }) =>
    withBmc(
      node,
      async (bmc) => {
        const untilMs = bmc.clock.monotonicMs() + timeoutMs;
        for (const way of WAYS[target]) await bringTo(bmc, way, { target, timeoutMs, untilMs });
      },
      timeoutMs + AFTERMATH_MS,
    ),
});

/** For the requests that are under way when the time for the change is up: that it is up has to be the failure. */
const AFTERMATH_MS = 30_000;

type Asked = {
  readonly target: PowerTarget;
  readonly timeoutMs: number;
  /** Monotonic. */
  readonly untilMs: number;
};

/** A machine on its way down still runs; one on its way up may already write to its disk. */
const powerStateOf = (system: Resource): PowerState => {
  const state = textAt(system.body, 'PowerState');
  if (state === 'Off') return 'power off';
  return state === undefined || !RUNNING_STATES.includes(state) ? 'error' : 'power on';
};

const RUNNING_STATES: readonly string[] = ['On', 'PoweringOn', 'PoweringOff', 'Paused'];

const isAt = (system: Resource, wanted: 'On' | 'Off'): boolean =>
  textAt(system.body, 'PowerState') === wanted;

const bringTo = async (bmc: Bmc, way: Way, asked: Asked): Promise<void> => {
  const { operation, options, clock } = bmc;
  let system = await fetchSystem(bmc);
  if (isAt(system, way.wanted)) return;
  let delayMs = options.pollMs;
  let orders = 0;
  let orderedAtMs = 0;
  for (;;) {
    const isDue = orders === 0 || clock.monotonicMs() - orderedAtMs >= ORDER_AGAIN_MS;
    if (isDue && orders < (way.isRepeated ? ORDERS_MAX : 1)) {
      orders += 1;
      orderedAtMs = clock.monotonicMs();
      await order(bmc, system, way);
    }
    if (clock.monotonicMs() + delayMs >= asked.untilMs) throw notReached(bmc, system, asked);
    await operation.pause(delayMs);
    delayMs = Math.min(delayMs * 1.5, options.pollMsMax);
    system = await fetchSystem(bmc);
    if (isAt(system, way.wanted) && (await isConfirmed(bmc, way.wanted))) return;
  }
};

const isConfirmed = async (bmc: Bmc, wanted: 'On' | 'Off'): Promise<boolean> =>
  (await bmc.operation.pause(bmc.options.powerConfirmMs)) && isAt(await fetchSystem(bmc), wanted);

const order = async (bmc: Bmc, system: Resource, way: Way): Promise<void> => {
  try {
    await reset(bmc, system, way.types);
  } catch (error) {
    // The answer was lost, not necessarily the order: the read-back tells.
    if (error instanceof Failure && error.code === 'bmc.unreachable') return;
    // Some refuse what is already so, e.g. when the machine went off by itself since the last look.
    if (error instanceof BmcRefused && isAt(await fetchSystem(bmc), way.wanted)) return;
    throw error;
  }
};

const notReached = (bmc: Bmc, system: Resource, asked: Asked): Failure => {
  const seen = textAt(system.body, 'PowerState') ?? 'nothing';
  return new Failure(
    'bmc.power',
    `The machine did not get to "${asked.target}" within ${Math.round(asked.timeoutMs / 1_000)} s; its BMC at ` +
      `${bmc.client.origin} reports ${seen}`,
    { isRetryable: true, details: { target: asked.target, seen } },
  );
};
