// Section [netboot]: machines that boot over the network instead of from virtual media.

import type { Setting } from './setting.ts';

export const NETBOOT_SETTINGS = {
  http_listen: {
    kind: 'text',
    default: null,
    meaning:
      'HOST:PORT of the listener for loaders; plain HTTP, because firmware cannot know our authority. No network boot when not set.',
  },
  http_url: {
    kind: 'text',
    default: null,
    meaning: 'Base URL that machines are told; the address of netboot.http_listen when not set.',
  },
  kernel_append_params: {
    kind: 'text',
    default: 'nofb vga=normal',
    meaning:
      'Kernel arguments of nodes that have none of their own in instance_info or driver_info.',
  },
  source_check: {
    kind: 'text',
    default: null,
    choices: ['lease', 'network', 'off'],
    meaning:
      'Who gets boot files: the leased or given addresses of the machine, any of netboot.allowed_networks, or anybody ' +
      'with the signed address. When not set: lease where we give the leases, else network.',
  },
  allowed_networks: {
    kind: 'list',
    default: [],
    meaning: 'CIDR blocks that machines boot from; everywhere when empty.',
  },
  dhcp_interface: {
    kind: 'text',
    default: null,
    meaning:
      'Network interface on which we answer DHCP and TFTP, by a dnsmasq of our own. When not set, a DHCP server of ' +
      'the site leads machines to /netboot/boot.ipxe.',
  },
  dhcp_range: {
    kind: 'text',
    default: null,
    meaning: 'FIRST,LAST,NETMASK[,LEASE TIME], for example 10.20.0.50,10.20.0.99,255.255.255.0,1h.',
  },
  dhcp_router: {
    kind: 'text',
    default: null,
    meaning: 'Router that machines are told of; none when not set.',
  },
  dhcp_dns_servers: {
    kind: 'list',
    default: [],
    meaning: 'Name servers that machines are told of.',
  },
  dhcp_serve_unknown: {
    kind: 'flag',
    default: true,
    meaning:
      'Give addresses to machines without an open boot too, as ramdisks from virtual media and installed systems need ' +
      'them. Never boot files.',
  },
  boot_host: {
    kind: 'text',
    default: null,
    meaning:
      'https://HOST:PORT of the control listener of a separate boot host, which then serves instead of this process; ' +
      'see "bessemer boot-host init".',
  },
  control_listen: {
    kind: 'text',
    default: '127.0.0.1:6389',
    meaning: 'HOST:PORT of the control listener of "serve --roles boot"; always HTTPS.',
  },
  loader_directory: {
    kind: 'text',
    default: '/usr/lib/ipxe',
    meaning: 'Directory with snponly.efi and undionly.kpxe.',
  },
} as const satisfies { readonly [key: string]: Setting };
