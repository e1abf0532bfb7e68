// What discovers machines, on a store of the test: without listeners and without anybody who goes on with the work.

import { randomBytes } from 'node:crypto';

import type { JsonObject } from '@bessemer/protocol/json';

import { discoverMachine } from '#conductor/discovery/discover-machine';
import { type LookUpName, makeNameBook } from '#conductor/discovery/name-book';
import type { DiscoveryOptions } from '#conductor/discovery/options';
import { type ConductorParts, DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import type { LookupAnswer } from '#conductor/conductor';
import { systemClock } from '#clock';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';
import { makeLog } from '#observe/log';
import type { Store } from '#store/database';
import { countWaitingDiscoveries } from '#store/discoveries';

import { memoryKeys } from './conductor/with-engine.ts';

const DEFAULT_OPTIONS: DiscoveryOptions = {
  driver: 'ipmi',
  driverInfo: {},
  networks: ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'],
  bmcNetworks: ['10.30.0.0/24'],
  perHourMax: 1_000,
  waitingMax: 1_000,
};

export type FoundMachine = {
  readonly source: string;
  /** One of its own when left out. */
  readonly macs?: readonly string[];
  readonly bmcAddress?: string;
};

export type DiscoveryStage = {
  readonly discover: (machine: FoundMachine) => Promise<LookupAnswer | undefined>;
  readonly countWaiting: () => Promise<number>;
};

const newMac = (): string => `52:54:00:${randomBytes(3).toString('hex').match(/../g)?.join(':')}`;

const inventoryOf = ({ macs = [newMac()], bmcAddress = '' }: FoundMachine): JsonObject => ({
  interfaces: macs.map((mac, index) => ({ name: `eth${index}`, mac_address: mac })),
  cpu: { count: 2, architecture: 'x86_64' },
  disks: [],
  memory: { total: 1, physical_mb: 1024 },
  bmc_address: bmcAddress === '' ? null : bmcAddress,
  bmc_v6address: null,
  boot: { current_boot_mode: 'uefi', pxe_interface: null },
});

export const openDiscoveryStage = (
  store: Store,
  options: Partial<DiscoveryOptions> = {},
  lookUp?: LookUpName,
): DiscoveryStage => {
  const log = makeLog({ level: 'silent' });
  const clock = systemClock;
  const parts: ConductorParts = {
    store,
    clock,
    log,
    drivers: makeDriverRegistry({
      options: { ...DEFAULT_DRIVER_OPTIONS, enabledHardwareTypes: ['ipmi'] },
      clock,
      log,
    }),
    keys: memoryKeys(),
    authority: {} as ConductorParts['authority'],
    urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
    options: DEFAULT_CONDUCTOR_OPTIONS,
    discovery: { ...DEFAULT_OPTIONS, ...options },
  };
  const names = makeNameBook(clock, lookUp);
  const scheduler = { owner: 'a test', isFull: () => false, nudge: () => undefined };
  return {
    discover: (machine) =>
      discoverMachine(
        { parts, scheduler, names },
        {
          inventory: inventoryOf(machine),
          pluginData: {},
          nodeUuid: undefined,
          sourceAddress: machine.source,
        },
      ),
    countWaiting: () => countWaitingDiscoveries(store.db),
  };
};
