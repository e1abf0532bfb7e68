// All hardware types that this process offers, by name.

import type { Clock } from '#clock';
import type { Log } from '#observe/log';

import type { JsonObject } from '@bessemer/protocol/json';
import { INTERFACE_KINDS, type NodeRecord } from '@bessemer/protocol/node/record';

import type { UseBmcLogin } from './bmc-login.ts';
import { chooseInterfaces, requireHardwareType, requireInterface } from './choose-interfaces.ts';
import type { DriverRegistry, NodeDriver } from './driver.ts';
import { makeFakeHardware } from './fake/fake-hardware.ts';
import { DEFAULT_FAKE_OPTIONS, type FakeOptions } from './fake/options.ts';
import type { HardwareType } from './hardware-type.ts';
import { makeIpmiHardware } from './ipmi/ipmi-hardware.ts';
import { DEFAULT_IPMI_OPTIONS, type IpmiOptions } from './ipmi/options.ts';
import { DEFAULT_REDFISH_OPTIONS, type RedfishOptions } from './redfish/options.ts';
import { makeRedfishHardware } from './redfish/redfish-hardware.ts';

export type DriverOptions = {
  /** `[DEFAULT] enabled_hardware_types`. */
  readonly enabledHardwareTypes: readonly string[];
  readonly fake: FakeOptions;
  readonly redfish: RedfishOptions;
  readonly ipmi: IpmiOptions;
};

export const DEFAULT_DRIVER_OPTIONS: DriverOptions = {
  enabledHardwareTypes: ['redfish', 'ipmi', 'fake-hardware'],
  fake: DEFAULT_FAKE_OPTIONS,
  redfish: DEFAULT_REDFISH_OPTIONS,
  ipmi: DEFAULT_IPMI_OPTIONS,
};

export type DriverParts = {
  /** driver_info with its secrets in their places; as it stands on the node when undefined. */
  readonly openDriverInfo?: (node: NodeRecord) => JsonObject;
  /** What stands for the passwords in it is a login; as it is when undefined. */
  readonly useBmcLogin?: UseBmcLogin;
  readonly options: DriverOptions;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'debug'>;
};

const MAKERS: { readonly [name: string]: (parts: DriverParts) => HardwareType } = {
  redfish: ({ options, clock, log, openDriverInfo = (node) => node.driverInfo, useBmcLogin }) =>
    makeRedfishHardware(
      { options: options.redfish, ipmi: options.ipmi, clock, log },
      openDriverInfo,
      useBmcLogin,
    ),
  ipmi: ({ options, clock, openDriverInfo = (node) => node.driverInfo, useBmcLogin }) =>
    makeIpmiHardware({ options: options.ipmi, clock }, openDriverInfo, useBmcLogin),
  'fake-hardware': (parts) => makeFakeHardware(parts.options.fake, parts.clock),
};

/** Names that `enabled_hardware_types` may hold. */
export const HARDWARE_TYPE_NAMES: readonly string[] = Object.keys(MAKERS);

export const makeDriverRegistry = (parts: DriverParts): DriverRegistry => {
  const types = new Map<string, HardwareType>();
  for (const name of parts.options.enabledHardwareTypes) {
    const make = MAKERS[name];
    if (make === undefined) {
      throw new Error(
        `enabled_hardware_types: there is no hardware type "${name}"; known: ${HARDWARE_TYPE_NAMES.join(', ')}`,
      );
    }
    types.set(name, make(parts));
  }
  return {
    hardwareTypes: [...types.values()],
    driverOf: (node) => driverOf(types, node),
    chooseInterfaces: (hardwareType, asked) => chooseInterfaces(types, hardwareType, asked),
    close: async () => {
      await Promise.all([...types.values()].map((type) => type.close()));
    },
  };
};

const driverOf = (
  types: ReadonlyMap<string, HardwareType>,
  node: Pick<NodeRecord, 'driver' | 'interfaces'>,
): NodeDriver => {
  const type = requireHardwareType(types, node.driver);
  for (const kind of INTERFACE_KINDS) requireInterface(types, type, kind, node.interfaces[kind]);
  return type.driverOf(node.interfaces);
};
