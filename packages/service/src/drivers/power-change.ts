// Power, by read-back. What a BMC answers to a power order says little: some accept and do nothing, some do it and
// lose the answer, some report the state that was asked for while the machine is still on its way. So a change
// is: look, order, look until two readings in a row agree.

import type { Clock } from '#clock';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { PowerTarget } from '@bessemer/protocol/node/record';

export type PowerOrder = 'on' | 'off' | 'soft-off';

/** `look` answers with what an order may need to know of the machine. */
export type PowerSwitch<Seen> = {
  /** As texts name the BMC. */
  readonly bmc: string;
  readonly look: () => Promise<Seen>;
  readonly isAt: (seen: Seen, wanted: 'on' | 'off') => boolean;
  /** In the words of the BMC. */
  readonly describe: (seen: Seen) => string;
  readonly order: (order: PowerOrder, seen: Seen) => Promise<void>;
  /** False, without waiting, when the time of the whole call would be over first. */
  readonly pause: (delayMs: number) => Promise<boolean>;
};

export type PowerPace = {
  /** Between two looks at a state that is expected to change; grows to `pollMsMax`. */
  readonly pollMs: number;
  readonly pollMsMax: number;
  /** Between the two equal readings that prove a power state. */
  readonly powerConfirmMs: number;
};

export const POWER_TARGETS: readonly PowerTarget[] = [
  'power on',
  'power off',
  'rebooting',
  'soft power off',
  'soft rebooting',
];

/** Restarts are off and on again, each read back: a reset of a running machine leaves nothing to verify. */
const ORDERS: { readonly [target in PowerTarget]: readonly PowerOrder[] } = {
  'power on': ['on'],
  'power off': ['off'],
  'soft power off': ['soft-off'],
  rebooting: ['off', 'on'],
  'soft rebooting': ['soft-off', 'on'],
};

/** An order without effect for so long was lost; honest BMCs switch within a few seconds. */
const ORDER_AGAIN_MS = 15_000;
/** Not to an operating system that is shutting down: that is asked once. */
const ORDERS_MAX: { readonly [order in PowerOrder]: number } = { on: 3, off: 3, 'soft-off': 1 };

type Asked = {
  readonly target: PowerTarget;
  readonly timeoutMs: number;
  readonly pace: PowerPace;
  readonly clock: Clock;
};

/** Idempotent, except that a restart always causes one. Failure 'bmc.power' after `timeoutMs`. */
export const changePower = async <Seen>(
  machine: PowerSwitch<Seen>,
  asked: Asked,
): Promise<void> => {
  const untilMs = asked.clock.monotonicMs() + asked.timeoutMs;
  for (const order of ORDERS[asked.target]) await bringTo(machine, order, asked, untilMs);
};

const bringTo = async <Seen>(
  machine: PowerSwitch<Seen>,
  order: PowerOrder,
  asked: Asked,
  untilMs: number,
): Promise<void> => {
  const { clock, pace } = asked;
  const wanted = order === 'on' ? 'on' : 'off';
  let seen = await machine.look();
  if (machine.isAt(seen, wanted)) return;
  let delayMs = pace.pollMs;
  let orders = 0;
  let orderedAtMs = 0;
  for (;;) {
    const isDue = orders === 0 || clock.monotonicMs() - orderedAtMs >= ORDER_AGAIN_MS;
    if (isDue && orders < ORDERS_MAX[order]) {
      orders += 1;
      orderedAtMs = clock.monotonicMs();
      await give(machine, order, seen);
    }
    if (clock.monotonicMs() + delayMs >= untilMs) throw notReached(machine, seen, asked);
    await machine.pause(delayMs);
    delayMs = Math.min(delayMs * 1.5, pace.pollMsMax);
    seen = await machine.look();
    if (!machine.isAt(seen, wanted)) continue;
    const isPaused = await machine.pause(pace.powerConfirmMs);
    if (isPaused && machine.isAt(await machine.look(), wanted)) return;
  }
};

const give = async <Seen>(
  machine: PowerSwitch<Seen>,
  order: PowerOrder,
  seen: Seen,
): Promise<void> => {
  try {
    await machine.order(order, seen);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // The answer was lost, not necessarily the order: the read-back tells.
    if (error.code === 'bmc.unreachable') return;
    // Some refuse what is already so, e.g. when the machine went off by itself since the last look.
    const wanted = order === 'on' ? 'on' : 'off';
    if (error.code === 'bmc.refused' && machine.isAt(await machine.look(), wanted)) return;
    throw error;
  }
};

const notReached = <Seen>(machine: PowerSwitch<Seen>, last: Seen, asked: Asked): Failure => {
  const seen = machine.describe(last);
  return new Failure(
    'bmc.power',
    `The machine did not get to "${asked.target}" within ${Math.round(asked.timeoutMs / 1_000)} s; its BMC at ` +
      `${machine.bmc} reports ${seen}`,
    { isRetryable: true, details: { target: asked.target, seen } },
  );
};
