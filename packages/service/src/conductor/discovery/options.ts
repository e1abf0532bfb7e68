// What an operator may set about machines that the service finds by itself.

import type { JsonObject } from '@bessemer/protocol/json';

export type DiscoveryOptions = {
  /** Hardware type of nodes that are made. */
  readonly driver: 'ipmi' | 'redfish';
  /** Goes into driver_info of each, beside the address. Never a login. */
  readonly driverInfo: JsonObject;
  /** Where unknown machines may call from (CIDR). */
  readonly networks: readonly string[];
  /** Where their BMCs may be (CIDR). */
  readonly bmcNetworks: readonly string[];
  /** New nodes per network and hour. */
  readonly perHourMax: number;
  /** Nodes that were found and that nobody has taken on. */
  readonly waitingMax: number;
};
