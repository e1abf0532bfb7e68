// Reset actions and the power state that is shown, including what lying BMCs show.

import type { BmcState } from './bmc-state.ts';
import { oneOf } from './property-values.ts';
import { RedfishRefusal } from './redfish-refusal.ts';

export const RESET_TYPES = [
  'On',
  'ForceOff',
  'GracefulShutdown',
  'GracefulRestart',
  'ForceRestart',
  'PushPowerButton',
  'PowerCycle',
] as const;

type ResetType = (typeof RESET_TYPES)[number];

const NEEDS_ON: readonly ResetType[] = [
  'ForceRestart',
  'GracefulRestart',
  'GracefulShutdown',
  'PowerCycle',
];

export const resetMachine = async (state: BmcState, asked: string): Promise<void> => {
  const type = oneOf('ResetType', asked, RESET_TYPES);
  const wasOn = state.machine.isOn();
  refuseNeedless(state, type, wasOn);
  state.counters.resets += 1;
  if (state.faults.isOn('stuck-power')) return;
  state.stalePower.shown = wasOn;
  state.stalePower.readsLeft = state.faults.valueOf('stale-power') ?? 0;
  await act(state, type, wasOn);
};

const refuseNeedless = (state: BmcState, type: ResetType, isOn: boolean): void => {
  const isNeedless = (type === 'On' && isOn) || (type === 'ForceOff' && !isOn);
  if (isNeedless && state.faults.isOn('strict-power')) {
    throw new RedfishRefusal(409, 'ActionNotSupported', `The machine is ${isOn ? 'on' : 'off'}.`);
  }
  if (!isOn && NEEDS_ON.includes(type)) {
    throw new RedfishRefusal(409, 'ActionNotSupported', `${type} needs a machine that is on.`);
  }
};

const act = async (state: BmcState, type: ResetType, wasOn: boolean): Promise<void> => {
  const { machine } = state;
  switch (type) {
    case 'On':
      return machine.powerOn();
    case 'ForceOff':
      return machine.powerOff();
    case 'GracefulShutdown':
      return machine.softOff();
    case 'PushPowerButton':
      return wasOn ? machine.softOff() : machine.powerOn();
    // Nothing in the lab restarts by a button alone, so a graceful restart is a reset as on many BMCs.
    case 'GracefulRestart':
    case 'ForceRestart':
      return machine.reset();
    case 'PowerCycle':
      await machine.powerOff();
      return machine.powerOn();
  }
};

export const isPowerShownOn = (state: BmcState): boolean => {
  const isOn = state.machine.isOn();
  if (state.faults.isOn('wrong-power')) return !isOn;
  if (state.stalePower.readsLeft > 0) {
    state.stalePower.readsLeft -= 1;
    return state.stalePower.shown;
  }
  return isOn;
};
