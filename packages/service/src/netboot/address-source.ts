// Which address a card of a machine has. Asked in order: what we gave it ourselves, the leases of our boot host, an
// outer service. An answer is a place to look, never a proof.

import type { JsonObject } from '@bessemer/protocol/json';

export type MachineCards = {
  readonly nodeUuid: string;
  /** Lower case. */
  readonly macs: readonly string[];
  /** `network_data` of the node. */
  readonly networkData: JsonObject;
  readonly driverInfo: JsonObject;
};

export type FoundAddress = {
  readonly address: string;
  /** Who says so, for people: `network_data`, `lease`, `neutron`, ... */
  readonly origin: string;
};

export type AddressSource = {
  /** Whether leases are known at all: then a source that matches none is a wrong one. */
  readonly knowsLeases: boolean;
  readonly addressesOf: (machine: MachineCards) => Promise<readonly FoundAddress[]>;
};
