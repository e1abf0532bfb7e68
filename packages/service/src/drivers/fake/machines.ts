// What fake machines remember. It lives in this process only: after a restart a machine is what its node
// record says, which is what the service believed last.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import type { IndicatorState, MediaDevice } from '@bessemer/protocol/node/hardware-parts';
import type { NodeRecord, PowerState } from '@bessemer/protocol/node/record';

import type { BootDevice, BootMode } from '../driver.ts';

/** As a BMC shows it. */
export type FakeSubscription = {
  readonly Id: string;
  readonly Destination: string;
  readonly Context: string;
  readonly Protocol: string;
  readonly EventTypes: readonly string[];
};

export type FakeMachine = {
  readonly power: PowerState;
  readonly bootDevice: BootDevice;
  readonly isBootDevicePersistent: boolean;
  readonly bootMode: BootMode;
  readonly isSecureBootOn: boolean;
  /** What is in its virtual drives. */
  readonly media: { readonly [device in MediaDevice]?: string };
  /** By `NAME@COMPONENT`; off where nothing is said. */
  readonly indicators: { readonly [place: string]: IndicatorState };
  /** Settings that are not what the maker set them to. */
  readonly bios: { readonly [name: string]: string };
  /** Versions that were put over those of the maker, by component. */
  readonly firmware: { readonly [component: string]: string };
  /** Who wants to be told of events; nobody is. */
  readonly subscriptions: readonly FakeSubscription[];
};

/** Deleted nodes are never named to a driver, so the oldest are dropped instead. About 40 MB when full. */
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

/** In driver_internal_info: what a step changed for good. */
const KEPT_KEY = 'fake_machine';

type Kept = Pick<FakeMachine, 'bios' | 'firmware'>;

const textsOf = (value: unknown): { readonly [name: string]: string } =>
  isJsonObject(value)
    ? Object.fromEntries(
        Object.entries(value).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string',
        ),
      )
    : {};

const keptOf = ({ driverInternalInfo }: NodeRecord): Kept => {
  const kept = driverInternalInfo[KEPT_KEY];
  const found = isJsonObject(kept) ? kept : {};
  return { bios: textsOf(found['bios']), firmware: textsOf(found['firmware']) };
};

/** driver_internal_info with what outlives this process. */
export const keepMachine = (node: NodeRecord, { bios, firmware }: Kept): JsonObject => ({
  ...node.driverInternalInfo,
  [KEPT_KEY]: { bios: { ...bios }, firmware: { ...firmware } },
});

const freshMachine = (node: NodeRecord): FakeMachine => ({
  power: node.powerState === 'power on' ? 'power on' : 'power off',
  bootDevice: 'pxe',
  isBootDevicePersistent: false,
  bootMode: node.bootMode === 'bios' ? 'bios' : 'uefi',
  isSecureBootOn: node.secureBoot ?? false,
  media: {},
  indicators: {},
  subscriptions: [],
  ...keptOf(node),
});
