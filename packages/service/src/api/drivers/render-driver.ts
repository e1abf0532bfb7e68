// A hardware type as the API shows it.

import { offers } from '@bessemer/protocol/microversion/features';
import { INTERFACE_KINDS } from '@bessemer/protocol/node/record';

import type { HardwareTypeFacts } from '../api-parts.ts';

const INTERFACE_SINCE = {
  storage: 'storage-interface',
  rescue: 'rescue',
  bios: 'bios',
  firmware: 'firmware',
} as const;

const linkObjects = (base: string, path: string): object[] => [
  { href: `${base}/v1/${path}`, rel: 'self' },
  { href: `${base}/${path}`, rel: 'bookmark' },
];

export const driverObject = (
  type: HardwareTypeFacts,
  hosts: readonly string[],
  context: { readonly base: string; readonly minor: number; readonly isDetailed: boolean },
): { [key: string]: unknown } => {
  const { base, minor } = context;
  const driver: { [key: string]: unknown } = {
    name: type.name,
    hosts,
    links: linkObjects(base, `drivers/${type.name}`),
  };
  if (offers(minor, 'state-links')) {
    driver['properties'] = linkObjects(base, `drivers/${type.name}/properties`);
  }
  if (!offers(minor, 'dynamic-drivers')) return driver;
  driver['type'] = 'dynamic';
  if (!context.isDetailed) return driver;
  for (const kind of INTERFACE_KINDS) {
    const since =
      kind in INTERFACE_SINCE
        ? INTERFACE_SINCE[kind as keyof typeof INTERFACE_SINCE]
        : 'dynamic-drivers';
    if (!offers(minor, since)) continue;
    driver[`default_${kind}_interface`] = type.defaults[kind] ?? null;
    driver[`enabled_${kind}_interfaces`] = type.enabled[kind] ?? [];
  }
  return driver;
};
