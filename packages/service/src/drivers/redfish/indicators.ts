// The light by which a person finds the machine in its rack, where the BMC has one.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { IndicatorState } from '@bessemer/protocol/node/hardware-parts';

import type { Indicator, Indicators } from '../hardware-interfaces.ts';
import type { Resource } from './client.ts';
import { textAt } from './json-guard.ts';
import type { WithBmc } from './power.ts';
import { readBack } from './read-back.ts';
import { fetchSystem } from './system.ts';

const LED = 'IndicatorLED';

const NAMES: { readonly [state in IndicatorState]?: string } = {
  on: 'Lit',
  off: 'Off',
  blinking: 'Blinking',
};

const STATES = Object.keys(NAMES) as IndicatorState[];

const SYSTEM_LED: Indicator = {
  component: 'system',
  name: 'led',
  isReadOnly: false,
  states: STATES,
};

const stateOf = (system: Resource): IndicatorState => {
  const shown = textAt(system.body, LED);
  return STATES.find((state) => NAMES[state] === shown) ?? 'unknown';
};

export const makeIndicators = (withBmc: WithBmc): Indicators => ({
  list: (node) =>
    withBmc(node, async (bmc) =>
      textAt((await fetchSystem(bmc)).body, LED) === undefined ? [] : [SYSTEM_LED],
    ),
  fetch: (node) => withBmc(node, async (bmc) => stateOf(await fetchSystem(bmc))),
  set: (node, _place, state) =>
    withBmc(node, async (bmc) => {
      const system = await fetchSystem(bmc);
      await bmc.client.patch(system, { [LED]: NAMES[state] ?? 'Off' }, bmc.operation);
      const { settingTimeoutMs } = bmc.options;
      const { isDone } = await readBack(
        bmc,
        system.path,
        settingTimeoutMs,
        (seen) => stateOf(seen) === state,
      );
      if (isDone) return;
      throw new Failure(
        'bmc.refused',
        `The BMC at ${bmc.client.origin} accepted a change of its light and did not keep it`,
        { isRetryable: true },
      );
    }),
});
