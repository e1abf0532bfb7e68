// What fake machines remember. It lives in this process only: after a restart a machine is what its node
// record says, which is what the service believed last.

import type { NodeRecord, PowerState } from '@bessemer/protocol/node/record';

import type { BootDevice, BootMode } from '../driver.ts';

export type FakeMachine = {
  readonly power: PowerState;
  readonly bootDevice: BootDevice;
  readonly isBootDevicePersistent: boolean;
  readonly bootMode: BootMode;
  readonly isSecureBootOn: boolean;
  readonly medium: string | null;
};

/** Deleted nodes are never named to a driver, so the oldest are dropped instead. About 20 MB when full. */
const MACHINES_MAX = 100_000;

export type FakeMachines = {
  readonly get: (node: NodeRecord) => FakeMachine;
  readonly change: (node: NodeRecord, change: Partial<FakeMachine>) => void;
};

export const makeFakeMachines = (machinesMax = MACHINES_MAX): FakeMachines => {
  const machines = new Map<string, FakeMachine>();
  const get = (node: NodeRecord): FakeMachine => machines.get(node.uuid) ?? freshMachine(node);
  return {
    get,
    change: (node, change) => {
      const changed = { ...get(node), ...change };
      machines.delete(node.uuid);
      machines.set(node.uuid, changed);
      const oldest = machines.keys().next();
      if (machines.size > machinesMax && oldest.done !== true) machines.delete(oldest.value);
    },
  };
};

const freshMachine = (node: NodeRecord): FakeMachine => ({
  power: node.powerState === 'power on' ? 'power on' : 'power off',
  bootDevice: 'pxe',
  isBootDevicePersistent: false,
  bootMode: node.bootMode === 'bios' ? 'bios' : 'uefi',
  isSecureBootOn: node.secureBoot ?? false,
  medium: null,
});
