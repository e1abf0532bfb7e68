// What dnsmasq learns while it runs: which cards have an open boot, and where its script is. It reads files that
// appear in two directories at once, and a later entry for a card goes before an earlier one. So a boot is closed
// by one more entry, that opens nothing: dnsmasq forgets by SIGHUP only, and version 2.90 (Debian's) crashes there
// as soon as it has answered a card whose entry sets a tag - it frees what it never allocated.

import { chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { bootTag, IPXE_TAG, OPEN_TAG } from './render-config.ts';

export type FileOwner = { readonly uid: number; readonly gid: number };

export type AnnouncedBoot = {
  readonly bootId: string;
  readonly macs: readonly string[];
  readonly scriptUrl: string;
};

export type BootEntries = {
  /** Forgets everything; only while dnsmasq does not run. */
  readonly clear: () => Promise<void>;
  /** Forgets what closed boots left; only while dnsmasq does not run. */
  readonly compact: () => Promise<void>;
  /** Replaces what was written for `bootId`, and any other boot's claim to these cards. */
  readonly open: (boot: AnnouncedBoot) => Promise<void>;
  readonly close: (bootId: string) => Promise<void>;
  readonly openCount: () => number;
  /** How many entries were written since the last `clear` or `compact`: dnsmasq keeps them all in mind. */
  readonly writtenCount: () => number;
};

export type BootEntriesParts = {
  readonly hostsDirectory: string;
  readonly optionsDirectory: string;
  /** Who reads; undefined: who writes. */
  readonly owner: FileOwner | undefined;
};

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/u;
/** Of what an option can hold: 255 bytes. */
const SCRIPT_URL = /^https?:\/\/[A-Za-z0-9.:[\]-]+(?:\/[A-Za-z0-9._~-]+)*$/u;
const SCRIPT_URL_CHARS_MAX = 255;
/** More than one machine has cards. */
const MACS_MAX = 64;
/** Its own name of a card that has no open boot. */
const CLOSED_TAG = 'closed';

const checkBoot = ({ macs, scriptUrl }: AnnouncedBoot): void => {
  if (macs.length > MACS_MAX || !macs.every((mac) => MAC.test(mac))) {
    throw new Error('network boot: a card of the machine has no usable address');
  }
  if (scriptUrl.length > SCRIPT_URL_CHARS_MAX || !SCRIPT_URL.test(scriptUrl)) {
    throw new Error('network boot: the address of the script does not fit into an answer');
  }
};

const hostFile = (mac: string): string => mac.replaceAll(':', '-');

export const makeBootEntries = (parts: BootEntriesParts): BootEntries => {
  const { hostsDirectory, optionsDirectory, owner } = parts;
  const macsOf = new Map<string, readonly string[]>();
  const bootOf = new Map<string, string>();
  let written = 0;
  let temporaries = 0;
  let last: Promise<unknown> = Promise.resolve();

  /** Entries of two boots of one card must come in the order of their calls. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  };

  /** dnsmasq passes over names with a leading dot, so that it sees whole files only. */
  const write = async (directory: string, name: string, line: string): Promise<void> => {
    temporaries += 1;
    const temporary = join(directory, `.${name}.${temporaries}`);
    try {
      await writeFile(temporary, `${line}\n`, { mode: 0o600, flag: 'wx' });
      if (owner !== undefined) await chown(temporary, owner.uid, owner.gid);
      await rename(temporary, join(directory, name));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    written += 1;
  };

  const writeHost = (mac: string, tags: readonly string[]): Promise<void> =>
    write(hostsDirectory, hostFile(mac), [mac, ...tags.map((tag) => `set:${tag}`)].join(','));

  const closeMac = async (bootId: string, mac: string): Promise<void> => {
    // Another boot may have taken the card over.
    if (bootOf.get(mac) !== bootId) return;
    await writeHost(mac, [CLOSED_TAG]);
    bootOf.delete(mac);
  };

  const open = async (boot: AnnouncedBoot): Promise<void> => {
    checkBoot(boot);
    const { bootId, macs, scriptUrl } = boot;
    const tag = bootTag(bootId);
    for (const mac of macsOf.get(bootId) ?? []) {
      if (!macs.includes(mac)) await closeMac(bootId, mac);
    }
    // First where to, then who: a card is never led to nowhere. Old and new entries of one boot have the same tag
    // and would both hold, but the address of a boot's script follows from the boot.
    await write(optionsDirectory, bootId, `tag:${tag},tag:${IPXE_TAG},67,${scriptUrl}`);
    macsOf.set(bootId, macs);
    for (const mac of macs) {
      bootOf.set(mac, bootId);
      await writeHost(mac, [OPEN_TAG, tag]);
    }
  };

  const close = async (bootId: string): Promise<void> => {
    for (const mac of macsOf.get(bootId) ?? []) await closeMac(bootId, mac);
    if (macsOf.has(bootId)) await rm(join(optionsDirectory, bootId), { force: true });
    macsOf.delete(bootId);
  };

  /** Leaves the files whose names are in `kept`. */
  const sweep = async (directory: string, kept: ReadonlySet<string>): Promise<void> => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (owner !== undefined) await chown(directory, owner.uid, owner.gid);
    for (const name of await readdir(directory)) {
      if (!kept.has(name)) await rm(join(directory, name), { force: true });
    }
  };

  const compact = async (): Promise<void> => {
    await sweep(hostsDirectory, new Set([...bootOf.keys()].map(hostFile)));
    await sweep(optionsDirectory, new Set(macsOf.keys()));
    written = 0;
  };

  return {
    clear: () =>
      inTurn(async () => {
        macsOf.clear();
        bootOf.clear();
        await compact();
      }),
    compact: () => inTurn(compact),
    open: (boot) => inTurn(() => open(boot)),
    close: (bootId) => inTurn(() => close(bootId)),
    openCount: () => macsOf.size,
    writtenCount: () => written,
  };
};
