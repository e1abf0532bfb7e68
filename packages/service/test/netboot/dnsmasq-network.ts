// Two network namespaces with one cable: the service's side with dnsmasq, and the side of the machines.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { pino } from 'pino';

import { systemClock } from '#clock';
import { DNSMASQ_USER, type DnsmasqParts } from '#netboot/dnsmasq/announcer';

import type { CardKind, Offer } from './dnsmasq-dhcp-client.ts';

const run = promisify(execFile);

const CLIENT = fileURLToPath(new URL('dnsmasq-dhcp-client.ts', import.meta.url));
const PROGRAMS = ['/usr/sbin/dnsmasq', '/usr/lib/ipxe/undionly.kpxe'];
export const SERVER = '10.98.0.1';
export const INTERFACE = 'prov0';

export const CANNOT =
  process.getuid?.() === 0 && PROGRAMS.every((path) => existsSync(path))
    ? false
    : 'needs root and the Debian packages dnsmasq-base and ipxe';

export type TestNetwork = {
  /** How a program is started on the service's side. */
  readonly prefix: readonly string[];
  readonly parts: DnsmasqParts;
  readonly ask: (mac: string, kind: CardKind) => Promise<Offer | null>;
  readonly fetch: (name: string) => Promise<string | null>;
  readonly remove: () => Promise<void>;
};

export const makeTestNetwork = async (): Promise<TestNetwork> => {
  const server = `bsm-dns-${process.pid}-s`;
  const machines = `bsm-dns-${process.pid}-m`;
  const ip = (...args: string[]): Promise<unknown> => run('ip', args);
  // As the service's own.
  process.umask(0o077);
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-dnsmasq-'));
  const remove = async (): Promise<void> => {
    await Promise.allSettled([ip('netns', 'delete', server), ip('netns', 'delete', machines)]);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    // dnsmasq does not stay root.
    await chmod(directory, 0o711);
    await ip('netns', 'add', server);
    await ip('netns', 'add', machines);
    const cable = ['link', 'add', INTERFACE, 'netns', server, 'type', 'veth'];
    await ip(...cable, 'peer', 'name', 'card0', 'netns', machines);
    await ip('-n', server, 'addr', 'add', `${SERVER}/24`, 'dev', INTERFACE);
    await ip('-n', machines, 'addr', 'add', '10.98.0.250/24', 'dev', 'card0');
    await ip('-n', server, 'link', 'set', INTERFACE, 'up');
    await ip('-n', machines, 'link', 'set', 'card0', 'up');
    await ip('-n', machines, 'route', 'add', 'default', 'dev', 'card0');
  } catch (error) {
    await remove();
    throw error;
  }
  const client = async (...args: string[]): Promise<unknown> => {
    const { stdout } = await run('ip', [
      'netns',
      'exec',
      machines,
      process.execPath,
      CLIENT,
      ...args,
    ]);
    return JSON.parse(stdout);
  };
  const prefix = ['ip', 'netns', 'exec', server];
  return {
    prefix,
    parts: {
      interface: INTERFACE,
      range: {
        first: '10.98.0.50',
        last: '10.98.0.99',
        netmask: '255.255.255.0',
        leaseMs: 600_000,
      },
      router: null,
      dnsServers: [],
      servesUnknown: true,
      httpLoaderUrl: `http://${SERVER}:6388/netboot/snponly.efi`,
      directory: join(directory, 'run', 'dnsmasq'),
      leaseFile: join(directory, 'leases'),
      loaderDirectory: '/usr/lib/ipxe',
      user: DNSMASQ_USER,
      command: [...prefix, 'dnsmasq'],
      clock: systemClock,
      log: pino({ level: 'silent' }),
    },
    ask: async (mac, kind) => (await client('dhcp', mac, kind)) as Offer | null,
    fetch: async (name) => (await client('tftp', SERVER, name)) as string | null,
    remove,
  };
};
