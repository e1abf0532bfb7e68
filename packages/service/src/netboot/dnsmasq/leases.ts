// The lease file of dnsmasq: one line per lease, `expiry mac address name client-id`. It is rewritten in place while
// it is read, and names in it come from strangers: what does not look like a lease is passed over.

import { open } from 'node:fs/promises';
import { isIPv4 } from 'node:net';

import type { Lease } from '../boot-host.ts';

/** Some 100 bytes a line. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;
const LEASES_MAX = 65_536;
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/u;
const SECONDS = /^\d{1,12}$/u;

export const parseLeases = (text: string): readonly Lease[] => {
  const leases: Lease[] = [];
  for (const line of text.split('\n')) {
    const [expiry = '', card = '', address = ''] = line.split(' ');
    const mac = card.toLowerCase();
    if (!SECONDS.test(expiry) || !MAC.test(mac) || !isIPv4(address)) continue;
    const expiresMs = Number(expiry) * 1_000;
    leases.push({ mac, address, expiresMs: expiresMs === 0 ? null : expiresMs });
    if (leases.length === LEASES_MAX) break;
  }
  return leases;
};

/** Reads again only what has changed. No file is no leases: dnsmasq makes it with the first. */
export const makeLeaseReader = (path: string): (() => Promise<readonly Lease[]>) => {
  let known: { readonly stamp: string; readonly leases: readonly Lease[] } | undefined;
  const read = async (): Promise<readonly Lease[]> => {
    const file = await open(path, 'r');
    try {
      // Looked at before it is read: a change in between shows at the next time.
      const { mtimeNs, size, ino } = await file.stat({ bigint: true });
      const stamp = `${ino}-${size}-${mtimeNs}`;
      if (known?.stamp === stamp) return known.leases;
      const bytes = Buffer.alloc(Math.min(Number(size), FILE_BYTES_MAX));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      const leases = parseLeases(bytes.toString('latin1', 0, bytesRead));
      known = { stamp, leases };
      return leases;
    } finally {
      await file.close();
    }
  };
  return async () => {
    try {
      return await read();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  };
};
