// A hardware type as the API shows it.

import { type Feature, offers } from '@bessemer/protocol/microversion/features';
import { INTERFACE_KINDS, type InterfaceKind } from '@bessemer/protocol/node/record';

import type { HardwareTypeFacts } from '../api-parts.ts';

const INTERFACE_SINCE: { readonly [kind in InterfaceKind]?: Feature } = {
  storage: 'storage-interface',
  rescue: 'rescue',
  bios: 'bios',
  firmware: 'firmware',
};

/** Every key, and the version that brought it. */
const DRIVER_FIELDS: ReadonlyMap<string, Feature> = new Map([
  ['name', 'base'],
  ['hosts', 'base'],
  ['links', 'base'],
  ['properties', 'state-links'],
  ['type', 'dynamic-drivers'],
  ...INTERFACE_KINDS.flatMap((kind): [string, Feature][] => {
    const since = INTERFACE_SINCE[kind] ?? 'dynamic-drivers';
    return [
      [`default_${kind}_interface`, since],
      [`enabled_${kind}_interfaces`, since],
    ];
  }),
]);

/** What a driver is without its interfaces: the short form of lists. */
const SUMMARY: ReadonlySet<string> = new Set(['name', 'hosts', 'links', 'properties', 'type']);

export const driverFieldSince = (name: string): Feature | undefined => DRIVER_FIELDS.get(name);

export const driverFieldsAt = (minor: number, isDetailed: boolean): readonly string[] =>
  [...DRIVER_FIELDS]
    .filter(([name, since]) => offers(minor, since) && (isDetailed || SUMMARY.has(name)))
    .map(([name]) => name);

export type DriverSight = { readonly base: string; readonly fields: readonly string[] };

export const driverObject = (
  type: HardwareTypeFacts,
  hosts: readonly string[],
  { base, fields }: DriverSight,
): { readonly [key: string]: unknown } => {
  const links = (path: string): object[] => [
    { href: `${base}/v1/drivers/${path}`, rel: 'self' },
    { href: `${base}/drivers/${path}`, rel: 'bookmark' },
  ];
  const driver: { [key: string]: unknown } = {
    name: type.name,
    hosts,
    links: links(type.name),
    properties: links(`${type.name}/properties`),
    type: 'dynamic',
  };
  for (const kind of INTERFACE_KINDS) {
    driver[`default_${kind}_interface`] = type.defaults[kind] ?? null;
    driver[`enabled_${kind}_interfaces`] = type.enabled[kind] ?? [];
  }
  return Object.fromEntries(fields.map((name) => [name, driver[name]]));
};
