// The packet filter that a site needs around the service, as nftables rules. Pure: settings and networks in, text out.
// What machines may begin with the control plane is listed; everything else that they begin is counted and dropped.
// Polled machines may begin nothing at all: answers to our own connections are no beginning.

import { isIPv6 } from 'node:net';

import { parseEndpoint } from '#config/endpoint';
import type { Settings } from '#config/schema';

import { UsageInvalid } from './command.ts';

export type Site = {
  /** Machines that call the service (CIDR). */
  readonly calling: readonly string[];
  /** Machines that are only polled (CIDR). */
  readonly polled: readonly string[];
  /** BMCs, which fetch boot media (CIDR). */
  readonly bmcs: readonly string[];
  /** For a router in front of the service: addresses of the service. Empty: the rules are for its own host. */
  readonly controlPlane: readonly string[];
};

export type ServicePorts = {
  readonly agent: number;
  readonly boot: number;
  /** Null: no network boot from here. */
  readonly netbootHttp: number | null;
};

export const portsOf = (settings: Settings): ServicePorts => ({
  agent: parseEndpoint('agent.listen', settings.agent.listen).port,
  boot: parseEndpoint('boot.listen', settings.boot.listen).port,
  netbootHttp:
    settings.netboot.http_listen === null
      ? null
      : parseEndpoint('netboot.http_listen', settings.netboot.http_listen).port,
});

const CIDR_PATTERN = /^[0-9A-Fa-f:.]+(?:\/\d{1,3})?$/;

type Family = { readonly name: '4' | '6'; readonly match: 'ip' | 'ip6'; readonly type: string };

const FAMILIES: readonly Family[] = [
  { name: '4', match: 'ip', type: 'ipv4_addr' },
  { name: '6', match: 'ip6', type: 'ipv6_addr' },
];

const isOf = (family: Family, cidr: string): boolean =>
  isIPv6(cidr.split('/')[0] ?? '') === (family.name === '6');

const setLines = (name: string, cidrs: readonly string[]): readonly string[] =>
  FAMILIES.flatMap((family) => {
    const own = cidrs.filter((cidr) => isOf(family, cidr));
    if (own.length === 0) return [];
    return [
      `  set ${name}${family.name} {`,
      `    type ${family.type}`,
      '    flags interval',
      '    auto-merge',
      `    elements = { ${own.join(', ')} }`,
      '  }',
    ];
  });

type Rule = {
  readonly from: string;
  readonly networks: readonly string[];
  readonly what: string;
};

const ruleLines = (site: Site, { from, networks, what }: Rule): readonly string[] =>
  FAMILIES.filter((family) => networks.some((cidr) => isOf(family, cidr))).flatMap((family) => {
    const source = `${family.match} saddr @${from}${family.name}`;
    if (site.controlPlane.length === 0) return [`    ${source} ${what}`];
    const isThere = site.controlPlane.some((cidr) => isOf(family, cidr));
    const target = `${family.match} daddr @control_plane${family.name}`;
    return isThere ? [`    ${source} ${target} ${what}`] : [];
  });

const tcp = (ports: readonly (number | null)[]): string => {
  const known = ports.filter((port) => port !== null);
  return `tcp dport { ${[...new Set(known)].join(', ')} } accept`;
};

const check = (name: string, cidrs: readonly string[]): void => {
  const wrong = cidrs.find((cidr) => !CIDR_PATTERN.test(cidr));
  if (wrong !== undefined) throw new UsageInvalid(`${name}: "${wrong}" is no network`);
};

const COUNTERS = { calling: 'from_calling_machines', polled: 'from_polled_machines' } as const;

export const networkRules = (site: Site, ports: ServicePorts): string => {
  for (const [name, cidrs] of Object.entries(site)) check(name, cidrs);
  const { calling, polled, bmcs, controlPlane } = site;
  const hook = controlPlane.length === 0 ? 'input' : 'forward';
  const drop = (counter: string): string => `counter name "${counter}" drop`;
  const rules = [
    ...(bmcs.length === 0
      ? []
      : [
          '    # BMCs fetch boot media',
          ...ruleLines(site, { from: 'bmcs', networks: bmcs, what: tcp([ports.boot]) }),
        ]),
    ...(polled.length === 0
      ? []
      : [
          '    # machines that are polled begin nothing',
          ...ruleLines(site, { from: 'polled', networks: polled, what: drop(COUNTERS.polled) }),
        ]),
    ...(calling.length === 0
      ? []
      : [
          '    # machines that call: lookup, heartbeat, images from here, network boot',
          ...ruleLines(site, {
            from: 'calling',
            networks: calling,
            what: tcp([ports.agent, ports.boot, ports.netbootHttp]),
          }),
          ...(ports.netbootHttp === null
            ? []
            : ruleLines(site, {
                from: 'calling',
                networks: calling,
                what: 'udp dport { 67, 69 } accept',
              })),
          ...ruleLines(site, { from: 'calling', networks: calling, what: drop(COUNTERS.calling) }),
        ]),
  ];
  return [
    '# The ramdisk network of the service. Load: nft -f FILE. Counters: nft list counters table inet bessemer.',
    'table inet bessemer',
    'delete table inet bessemer',
    'table inet bessemer {',
    ...(polled.length === 0 ? [] : [`  counter ${COUNTERS.polled} {`, '  }']),
    ...(calling.length === 0 ? [] : [`  counter ${COUNTERS.calling} {`, '  }']),
    ...setLines('control_plane', controlPlane),
    ...setLines('bmcs', bmcs),
    ...setLines('polled', polled),
    ...setLines('calling', calling),
    `  chain ${hook} {`,
    `    type filter hook ${hook} priority filter - 5; policy accept;`,
    '    # answers to what the service began',
    '    ct state established,related accept',
    ...rules,
    '  }',
    '}',
  ].join('\n');
};
