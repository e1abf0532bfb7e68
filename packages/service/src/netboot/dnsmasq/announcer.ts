// DHCP and TFTP for boots of ours, by a dnsmasq that this process generates the configuration of and supervises.

import { chmod, chown, copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '#clock';
import type { Log } from '#observe/log';

import type { BootAnnouncer } from '../local-boot-host.ts';
import { type FileOwner, makeBootEntries } from './boot-entries.ts';
import { makeLeaseReader } from './leases.ts';
import { type DnsmasqConfig, LOADERS, renderDnsmasqConfig } from './render-config.ts';
import { superviseDnsmasq } from './supervise.ts';

export type DnsmasqParts = Pick<
  DnsmasqConfig,
  'interface' | 'range' | 'router' | 'dnsServers' | 'servesUnknown' | 'httpLoaderUrl'
> & {
  /** Our own: made when it is not there, and what is in it belongs to this part. */
  readonly directory: string;
  /** Outlives this process and the host's memory, so that no address is given twice. */
  readonly leaseFile: string;
  /** Where the loaders are copied from. */
  readonly loaderDirectory: string;
  /** Whom dnsmasq becomes; only root can have it be somebody else. Null: it stays who starts it. */
  readonly user: string | null;
  readonly command?: readonly string[];
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>;
  readonly log: Log;
};

/** Made by the Debian package dnsmasq-base. */
export const DNSMASQ_USER = 'dnsmasq';

/** Entries of closed boots that dnsmasq may have in mind: it looks through them at each packet. */
const WRITTEN_MAX = { idle: 2_000, busy: 50_000 };

const ownerOf = async (user: string | null): Promise<FileOwner | undefined> => {
  if (user === null || process.getuid?.() !== 0) return undefined;
  const users = await readFile('/etc/passwd', 'utf8');
  const row = users.split('\n').find((line) => line.startsWith(`${user}:`));
  const [, , uid = '', gid = ''] = row?.split(':') ?? [];
  if (!/^\d+$/u.test(uid) || !/^\d+$/u.test(gid)) {
    throw new Failure(
      'boot.no-host',
      `There is no user ${user} for dnsmasq to run as: the Debian package dnsmasq-base makes one.`,
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
};

/** Passable, not readable: for a dnsmasq that is another user than we are. Whatever the umask of the service is. */
const PASSABLE_MODE = 0o711;

/** Only what is made here is changed; the directories above are the host's. */
const makeDirectory = async (directory: string, isPassable: boolean): Promise<void> => {
  const first = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!isPassable) return;
  await chmod(directory, PASSABLE_MODE);
  if (first === undefined) return;
  for (let path = directory; path !== first && path !== dirname(path);) {
    path = dirname(path);
    await chmod(path, PASSABLE_MODE);
  }
};

/** The mode's bit that lets the others pass through a directory. */
const OTHERS_PASS = 0o001;

/** dnsmasq reads after it has become its user: each directory above has to let it through. */
const checkReachable = async (directory: string, user: string): Promise<void> => {
  let path = directory;
  while (path !== dirname(path)) {
    path = dirname(path);
    if (((await stat(path)).mode & OTHERS_PASS) === 0) {
      throw new Failure(
        'boot.no-host',
        `dnsmasq runs as ${user} and cannot reach ${directory}: ${path} is closed to it.`,
      );
    }
  }
};

const copyLoaders = async (
  from: string,
  to: string,
  owner: FileOwner | undefined,
): Promise<void> => {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { mode: 0o755 });
  if (owner !== undefined) await chown(to, owner.uid, owner.gid);
  for (const name of Object.values(LOADERS)) {
    const path = join(to, name);
    try {
      await copyFile(join(from, name), path);
    } catch (cause) {
      throw new Failure(
        'boot.no-host',
        `The loader ${join(from, name)} cannot be read: the Debian package ipxe has it.`,
        { cause },
      );
    }
    // What is not its own is not served in TFTP's secure mode.
    if (owner !== undefined) await chown(path, owner.uid, owner.gid);
  }
};

/** Resolves when dnsmasq answers; throws `Failure` when it cannot, and `Error` for a configuration that is none. */
export const startDnsmasqAnnouncer = async (parts: DnsmasqParts): Promise<BootAnnouncer> => {
  const { directory, leaseFile, user, clock, log } = parts;
  const owner = await ownerOf(user);
  const configPath = join(directory, 'dnsmasq.conf');
  const config: DnsmasqConfig = {
    ...parts,
    user: process.getuid?.() === 0 ? (user ?? 'root') : null,
    tftpDirectory: join(directory, 'tftp'),
    hostsDirectory: join(directory, 'hosts'),
    optionsDirectory: join(directory, 'options'),
    pidFile: join(directory, 'dnsmasq.pid'),
  };
  const text = renderDnsmasqConfig(config);
  await makeDirectory(directory, owner !== undefined);
  if (owner !== undefined && user !== null) await checkReachable(join(directory, 'hosts'), user);
  const entries = makeBootEntries({ ...config, owner });
  let isFirst = true;
  const supervisor = await superviseDnsmasq({
    command: parts.command ?? ['dnsmasq'],
    configPath,
    pidFile: config.pidFile,
    prepare: async () => {
      // Which boots are open is told again by who caused them; what an earlier process believed does not count.
      await (isFirst ? entries.clear() : entries.compact());
      if (!isFirst) return;
      await copyLoaders(parts.loaderDirectory, config.tftpDirectory, owner);
      await writeFile(configPath, text, { mode: 0o600 });
      isFirst = false;
    },
    clock,
    log,
  });

  let compacting: Promise<void> | undefined;
  const compactWhenDue = (): void => {
    const isIdle = entries.openCount() === 0;
    if (entries.writtenCount() < (isIdle ? WRITTEN_MAX.idle : WRITTEN_MAX.busy)) return;
    compacting ??= supervisor
      .restart()
      .catch((error: unknown) => log.error({ err: error }, 'dnsmasq could not be restarted'))
      .finally(() => {
        compacting = undefined;
      });
  };

  return {
    announce: entries.open,
    withdraw: async (bootId) => {
      await entries.close(bootId);
      compactWhenDue();
    },
    leases: makeLeaseReader(leaseFile),
    close: async () => {
      await compacting;
      await supervisor.close();
      await entries.clear();
    },
  };
};
