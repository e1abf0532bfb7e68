// The lab's Redfish BMC in this process, and the door to its accounts as the hardware type makes it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { systemClock } from '#clock';
import type { NodeDriver } from '#drivers/driver';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';

import type { JsonObject } from '@bessemer/protocol/json';

import type { IpmiSwitch } from '../../../lab/src/bmc/bmc-state.ts';
import { makeLabAuthority } from '../../../lab/src/bmc/lab-authority.ts';
import { startRedfishBmc, type RedfishBmc } from '../../../lab/src/bmc/redfish-server.ts';
import { makeSwitchMachine } from '../../../lab/test/stand-in/switch-machine.ts';
import { nodeOf } from '../drivers/node-of.ts';
import { type AccountBench } from './accounts-contract.ts';
import { credential } from './credentials.ts';

export type RedfishAccountBench = AccountBench & {
  readonly bmc: RedfishBmc;
  readonly driver: NodeDriver;
  /** Events in the log of the service. */
  readonly events: readonly string[];
};

const ADMINISTRATOR = credential('admin', 'factory-password');
const QUICK = {
  isLoopbackAllowed: true,
  pollMs: 10,
  retryDelayMs: 10,
  settingTimeoutMs: 300,
};

export const openLabRedfish = async (
  context: Pick<TestContext, 'after'>,
  driverInfo: JsonObject = {},
  ipmi?: IpmiSwitch,
): Promise<RedfishAccountBench> => {
  const mediaDirectory = await mkdtemp(join(tmpdir(), 'bessemer-accounts-'));
  const authority = await makeLabAuthority(systemClock);
  const bmc = await startRedfishBmc({
    machine: makeSwitchMachine(),
    clock: systemClock,
    identity: await authority.issue('m0', '127.0.0.1'),
    host: '127.0.0.1',
    port: 0,
    // User 1 of IPMI, which may share these, is the anonymous one.
    accounts: [
      { id: '2', userName: ADMINISTRATOR.username, password: ADMINISTRATOR.password.reveal() },
    ],
    mediaDirectory,
    ...(ipmi === undefined ? {} : { ipmi }),
  });
  const events: string[] = [];
  const note = (fields: object): void => {
    if ('event' in fields) events.push(String(fields.event));
  };
  const registry = makeDriverRegistry({
    options: {
      ...DEFAULT_DRIVER_OPTIONS,
      redfish: { ...DEFAULT_DRIVER_OPTIONS.redfish, ...QUICK },
      ipmi: { ...DEFAULT_DRIVER_OPTIONS.ipmi, isLoopbackAllowed: true, waitsMs: [400, 800] },
    },
    clock: systemClock,
    log: { info: () => undefined, warn: note, debug: () => undefined },
  });
  context.after(async () => {
    await registry.close();
    await bmc.close();
    await rm(mediaDirectory, { recursive: true });
  });
  const node = nodeOf({
    redfish_address: bmc.url,
    redfish_verify_ca: authority.certificate,
    redfish_username: ADMINISTRATOR.username,
    redfish_password: ADMINISTRATOR.password.reveal(),
    ...driverInfo,
  });
  const driver = registry.driverOf(node);
  const [door] = driver.accounts?.(node) ?? [];
  if (door === undefined) throw new Error('the redfish type has no door to accounts');
  return {
    door,
    node,
    bmc,
    driver,
    events,
    administrator: ADMINISTRATOR,
    sessionCount: bmc.sessionCount,
    refusalCount: () => bmc.counters.wrongPasswords,
  };
};
