// Where dnsmasq's files are and whom it runs as. The service's data are closed to all others; a dnsmasq that root
// started becomes another user and could not read there, so its files are elsewhere then. Leases are opened before it
// changes, and stay with the data.

import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

import { DNSMASQ_USER } from './announcer.ts';

export type DnsmasqPlace = {
  readonly directory: string;
  readonly leaseFile: string;
  readonly user: string | null;
};

const RUN_DIRECTORY = '/run/bessemer';
/** Services of one host differ by their data. */
const NAME_DIGITS = 12;

export const dnsmasqPlace = (dataDirectory: string, isRoot: boolean): DnsmasqPlace => {
  const data = resolve(dataDirectory);
  const leaseFile = join(data, 'dnsmasq.leases');
  if (!isRoot) return { directory: join(data, 'dnsmasq'), leaseFile, user: null };
  const name = createHash('sha256').update(data).digest('hex').slice(0, NAME_DIGITS);
  return { directory: join(RUN_DIRECTORY, `dnsmasq-${name}`), leaseFile, user: DNSMASQ_USER };
};
