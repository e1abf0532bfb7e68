// `FIRST,LAST,NETMASK[,LEASE TIME]`, as operators write it for dnsmasq.

import type { DnsmasqConfig } from './render-config.ts';

const DEFAULT_LEASE_TEXT = '1h';
const DURATION = /^(\d{1,6})([smhd]?)$/u;
const UNIT_MS: { readonly [unit: string]: number } = {
  '': 1_000,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Throws for what is none; whether the addresses fit together is judged where the configuration is written. */
export const parseDhcpRange = (text: string): DnsmasqConfig['range'] => {
  const [first, last, netmask, lease = DEFAULT_LEASE_TEXT, ...rest] = text
    .split(',')
    .map((part) => part.trim());
  const [, count, unit = ''] = DURATION.exec(lease) ?? [];
  if (
    first === undefined ||
    last === undefined ||
    netmask === undefined ||
    count === undefined ||
    rest.length > 0
  ) {
    throw new Error('a range of DHCP is FIRST,LAST,NETMASK[,LEASE TIME], for example 1h or 600s');
  }
  return { first, last, netmask, leaseMs: Number(count) * (UNIT_MS[unit] ?? 1_000) };
};
