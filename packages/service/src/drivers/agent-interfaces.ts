// Interfaces of a hardware type whose machines are deployed and inspected by the agent, and which has its own power,
// management and boot only.

import { INTERFACE_KINDS, type InterfaceKind } from '@bessemer/protocol/node/record';

import type { HardwareType, Interfaces } from './hardware-type.ts';

type Own = Pick<Interfaces, 'management' | 'power'> & {
  /** The first is the default. */
  readonly boot: readonly [string, ...string[]];
};

export const agentInterfaces = (own: Own): Pick<HardwareType, 'defaults' | 'enabled'> => {
  const defaults: Interfaces = {
    bios: 'no-bios',
    boot: own.boot[0],
    console: 'no-console',
    deploy: 'direct',
    firmware: 'no-firmware',
    inspect: 'agent',
    management: own.management,
    network: 'noop',
    power: own.power,
    raid: 'no-raid',
    rescue: 'no-rescue',
    storage: 'noop',
    vendor: 'no-vendor',
  };
  // A row for each kind, filled in here.
  const enabled = {} as { [kind in InterfaceKind]: readonly string[] };
  for (const kind of INTERFACE_KINDS) enabled[kind] = [defaults[kind]];
  enabled.boot = own.boot;
  return { defaults, enabled };
};
