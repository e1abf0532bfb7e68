// A hardware type: the bundle of interface implementations that belongs to one `driver` name. The registry
// holds them; nothing outside drivers/ sees this type.

import type { InterfaceKind, NodeRecord } from '@bessemer/protocol/node/record';

import type { HardwareTypeDescription, NodeDriver } from './driver.ts';

export type Interfaces = NodeRecord['interfaces'];

export type HardwareType = HardwareTypeDescription & {
  readonly defaults: Interfaces;
  readonly enabled: { readonly [kind in InterfaceKind]: readonly string[] };
  /** `interfaces` holds only names listed in `enabled`. */
  readonly driverOf: (interfaces: Interfaces) => NodeDriver;
  readonly close: () => Promise<void>;
};
