// A driver and a fake BMC that belong together, ended after the test.

import type { TestContext } from 'node:test';

import { systemClock, type Clock } from '#clock';
import type { NodeDriver } from '#drivers/driver';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';
import type { RedfishOptions } from '#drivers/redfish/options';

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { PASSWORD, USERNAME, type FakeBmc } from './fake-bmc-state.ts';
import { startFakeBmc } from './fake-bmc.ts';
import { nodeOf } from './node-of.ts';

export type Bench = {
  readonly bmc: FakeBmc;
  readonly driver: NodeDriver;
  readonly node: NodeRecord;
  readonly nodeWith: (driverInfo: JsonObject, more?: Partial<NodeRecord>) => NodeRecord;
  readonly warnings: JsonObject[];
  readonly closeDriver: () => Promise<void>;
};

/** Waits are short, so that habits which cost a wait are quick to test. */
const QUICK: Partial<RedfishOptions> = {
  isLoopbackAllowed: true,
  pollMs: 2,
  pollMsMax: 5,
  powerConfirmMs: 2,
  retryDelayMs: 2,
  mediaTimeoutMs: 500,
  settingTimeoutMs: 50,
};

export const withBmc = async (
  context: TestContext,
  options: Partial<RedfishOptions> = {},
  clock: Clock = systemClock,
): Promise<Bench> => {
  const bmc = await startFakeBmc();
  const warnings: JsonObject[] = [];
  const registry = makeDriverRegistry({
    options: {
      ...DEFAULT_DRIVER_OPTIONS,
      redfish: { ...DEFAULT_DRIVER_OPTIONS.redfish, ...QUICK, ...options },
    },
    clock,
    log: {
      info: () => undefined,
      debug: () => undefined,
      warn: (facts: unknown) => warnings.push(facts as JsonObject),
    },
  });
  context.after(async () => {
    await registry.close();
    await bmc.close();
  });
  const nodeWith = (driverInfo: JsonObject, more: Partial<NodeRecord> = {}): NodeRecord =>
    nodeOf(
      {
        redfish_address: bmc.origin,
        redfish_username: USERNAME,
        redfish_password: PASSWORD,
        redfish_verify_ca: bmc.certificatePem,
        ...driverInfo,
      },
      more,
    );
  const node = nodeWith({});
  return {
    bmc,
    driver: registry.driverOf(node),
    node,
    nodeWith,
    warnings,
    closeDriver: registry.close,
  };
};

/** For assert.rejects: a failure with this code, whose text holds `words` and none of the secrets. */
export const failureWith =
  (code: string, words = '', secrets: readonly string[] = [PASSWORD]) =>
  (error: unknown): boolean => {
    const { code: seen, message } = error as { code?: string; message?: string };
    const text = `${message ?? ''} ${JSON.stringify(error)}`;
    return (
      seen === code && text.includes(words) && secrets.every((secret) => !text.includes(secret))
    );
  };
