// A machine that is nothing but a switch.

import type { Machine } from '#bmc/power-model';

export type SwitchMachine = Machine & { readonly actions: readonly string[] };

export const makeSwitchMachine = (): SwitchMachine => {
  const actions: string[] = [];
  let isOn = false;
  const act = (name: string, becomesOn: boolean) => (): Promise<void> => {
    actions.push(name);
    isOn = becomesOn;
    return Promise.resolve();
  };
  return {
    facts: {
      name: 'switch',
      uuid: '01234567-89ab-4cde-8f01-23456789abcd',
      serial: 'S1',
      manufacturer: 'Bessemer',
      model: 'Switch',
      biosVersion: '1',
      macs: ['02:00:00:00:00:01'],
      cpuCount: 1,
      memoryMiB: 1,
    },
    bootPlan: { override: null, mode: 'bios', isSecureBootOn: false },
    serialLog: '',
    actions,
    isOn: () => isOn,
    powerOn: act('on', true),
    powerOff: act('off', false),
    reset: act('reset', true),
    softOff: act('soft-off', false),
    insertMedia: () => Promise.resolve(),
    ejectMedia: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
};
