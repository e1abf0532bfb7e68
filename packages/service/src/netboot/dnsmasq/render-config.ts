// What dnsmasq is told at its start: DHCP and TFTP on one interface, no DNS. Who has an open boot gets a loader, by
// the architecture that its firmware states, and iPXE gets the script of that boot; who has none gets an address at
// most. Its configuration knows no quoting that is safe, so every value is checked for what could break out of it.

import { isIPv4 } from 'node:net';

export type DnsmasqConfig = {
  /** Requests that come in elsewhere are not seen. */
  readonly interface: string;
  readonly range: {
    readonly first: string;
    readonly last: string;
    readonly netmask: string;
    readonly leaseMs: number;
  };
  /** Null: machines are told of no way out of their network. */
  readonly router: string | null;
  readonly dnsServers: readonly string[];
  /** Whether machines without an open boot get an address: tenants' systems may ask here too. Never a boot file. */
  readonly servesUnknown: boolean;
  /** Where firmware that boots by HTTP finds the loader; null: it finds none. */
  readonly httpLoaderUrl: string | null;
  /** Whom dnsmasq becomes when it is started by root; null: it stays who starts it. */
  readonly user: string | null;
  /** Holds the loaders and nothing else. */
  readonly tftpDirectory: string;
  readonly hostsDirectory: string;
  readonly optionsDirectory: string;
  readonly leaseFile: string;
  readonly pidFile: string;
};

/** Names of the loaders: in the TFTP directory, and in Debian's package of iPXE. */
export const LOADERS = { bios: 'undionly.kpxe', efi64: 'snponly.efi' } as const;

/** Tag of machines that have an open boot. */
export const OPEN_TAG = 'open';
/** Tag of firmware that is iPXE already. */
export const IPXE_TAG = 'ipxe';
export const bootTag = (bootId: string): string => `boot-${checked('boot', bootId, WORD)}`;

const WORD = /^[A-Za-z0-9-]{1,64}$/u;
/** The kernel's limit for the name of an interface; no `*`, which would be a pattern. */
const INTERFACE = /^[A-Za-z0-9_.-]{1,15}$/u;
const USER = /^[a-z_][a-z0-9_-]{0,31}$/u;
const PATH = /^(?:\/(?!\.\.?(?:\/|$))[A-Za-z0-9._@+-]+)+$/u;
/** Short enough for the field of BOOTP, for firmware that does not ask for the option. */
const LOADER_URL = /^https?:\/\/[A-Za-z0-9.:[\]-]+(?:\/[A-Za-z0-9._~-]+)*$/u;
const LOADER_URL_CHARS_MAX = 127;

/** dnsmasq has no windows in TFTP, so that one block is out per transfer; this bounds the transfers (T-38). */
const TFTP_TRANSFERS_MAX = 64;
const LEASES_MAX = 65_536;
const LEASE_MS_MIN = 120_000;
const LEASE_MS_MAX = 7 * 24 * 3_600_000;

/** Of RFC 4578 and its registry. Machines of other kinds get no loader: we have none for them. */
const ARCHITECTURES = [
  { number: 0, tag: 'bios' },
  { number: 7, tag: 'efi64' },
  { number: 9, tag: 'efi64' },
  { number: 16, tag: 'efihttp' },
] as const;

const checked = (what: string, value: string, pattern: RegExp): string => {
  if (pattern.test(value)) return value;
  throw new Error(`network boot: ${what} has characters that dnsmasq's configuration cannot hold`);
};

const address = (what: string, value: string): string => {
  if (isIPv4(value)) return value;
  throw new Error(`network boot: ${what} is no IPv4 address`);
};

const numberOf = (value: string): number =>
  value.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

const rangeLines = ({ first, last, netmask, leaseMs }: DnsmasqConfig['range']): string[] => {
  const from = numberOf(address('the first address', first));
  const to = numberOf(address('the last address', last));
  const mask = numberOf(address('the netmask', netmask));
  // Ones, then zeros: adding the lowest one overflows into exactly 2^32.
  const hostCount = 2 ** 32 - mask;
  if (mask === 0 || !Number.isInteger(Math.log2(hostCount))) {
    throw new Error('network boot: the netmask of the range is none');
  }
  if (from > to || Math.floor(from / hostCount) !== Math.floor(to / hostCount)) {
    throw new Error('network boot: the range does not go up inside one network');
  }
  if (!(leaseMs >= LEASE_MS_MIN && leaseMs <= LEASE_MS_MAX)) {
    throw new Error('network boot: leases last from two minutes to a week');
  }
  return [
    `dhcp-range=${first},${last},${netmask},${Math.floor(leaseMs / 1_000)}`,
    `dhcp-lease-max=${Math.min(to - from + 1, LEASES_MAX)}`,
  ];
};

const loaderUrl = (url: string): string => {
  if (url.length <= LOADER_URL_CHARS_MAX) return checked("the loader's address", url, LOADER_URL);
  throw new Error("network boot: the loader's address is too long for firmware");
};

const loaderLines = (config: DnsmasqConfig): string[] => [
  `dhcp-match=set:${IPXE_TAG},175`,
  ...ARCHITECTURES.map(({ number, tag }) => `dhcp-match=set:${tag},option:client-arch,${number}`),
  `tag-if=set:loader,tag:${OPEN_TAG},tag:!${IPXE_TAG}`,
  `dhcp-boot=tag:loader,tag:bios,${LOADERS.bios}`,
  `dhcp-boot=tag:loader,tag:efi64,${LOADERS.efi64}`,
  ...(config.httpLoaderUrl === null
    ? []
    : [
        `dhcp-boot=tag:loader,tag:efihttp,${loaderUrl(config.httpLoaderUrl)}`,
        // Firmware takes only answers that say so, and asks for this option by no list.
        'dhcp-option-force=tag:loader,tag:efihttp,60,HTTPClient',
      ]),
];

export const renderDnsmasqConfig = (config: DnsmasqConfig): string => {
  const path = (what: string, value: string): string => checked(what, value, PATH);
  const networkInterface = checked('the interface', config.interface, INTERFACE);
  const dnsServers = config.dnsServers.map((server) => address('a name server', server));
  return [
    'port=0',
    `interface=${networkInterface}`,
    'except-interface=lo',
    'bind-interfaces',
    'no-hosts',
    'no-resolv',
    ...(config.user === null ? [] : [`user=${checked('the user', config.user, USER)}`]),
    `pid-file=${path('the pid file', config.pidFile)}`,
    `dhcp-leasefile=${path('the lease file', config.leaseFile)}`,
    ...rangeLines(config.range),
    'dhcp-authoritative',
    // Firmware, loader and system name themselves differently; they are one machine and keep one address.
    'dhcp-ignore-clid',
    'dhcp-ignore-names',
    // Without a value: dnsmasq would name itself.
    `dhcp-option=3${config.router === null ? '' : `,${address('the router', config.router)}`}`,
    `dhcp-option=6${dnsServers.map((server) => `,${server}`).join('')}`,
    `dhcp-hostsdir=${path('the directory of hosts', config.hostsDirectory)}`,
    `dhcp-optsdir=${path('the directory of options', config.optionsDirectory)}`,
    ...(config.servesUnknown ? [] : [`dhcp-ignore=tag:!${OPEN_TAG}`]),
    ...loaderLines(config),
    `enable-tftp=${networkInterface}`,
    `tftp-root=${path('the directory of loaders', config.tftpDirectory)}`,
    'tftp-secure',
    `tftp-max=${TFTP_TRANSFERS_MAX}`,
    '',
  ].join('\n');
};
