// The boots that are open at this moment, and what of them is served to whom. Nothing is served outside of a boot that
// we caused: what is not in here does not exist.

import type { Clock } from '#clock';
import {
  type FileSource,
  type FoundFile,
  type ServedFile,
  type SignedAddress,
} from '#media/served-file';
import { isInNetworks, isSameHost } from '#trust/agent-token/source-address';

import { ARCHIVE_ALIGNMENT_BYTES, openAlignedFile } from './aligned-file.ts';
import type { BootDenial, BootFile, BootManifest, Lease } from './boot-host.ts';
import { asBootFileName, type BootFileName, bootFilePath, isBootPathRight } from './boot-urls.ts';
import { renderBootScript } from './ipxe-script.ts';

export type OpenBootsParts = {
  /** Signs the addresses of files. */
  readonly key: Buffer;
  /** Base of this host's addresses, without a trailing slash. */
  readonly url: string;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly leases: () => Promise<readonly Lease[]>;
  /**
   * lease: only the leased or given addresses of the boot's cards; network: any address in `networks` (all when
   * empty); off: any.
   */
  readonly sourceCheck: 'lease' | 'network' | 'off';
  readonly networks: readonly string[];
  readonly onDenied: (denial: BootDenial) => void;
};

export type OpenBoots = FileSource & {
  readonly add: (manifest: BootManifest) => void;
  readonly remove: (nodeUuid: string) => void;
  readonly list: () => readonly BootManifest[];
  /** Signed address of the boot's script. */
  readonly scriptUrl: (manifest: BootManifest) => string;
  /** The script for a card that asks by its MAC; undefined when no boot is open for it and this source. */
  readonly scriptFor: (mac: string, sourceAddress: string) => Promise<string | undefined>;
};

/** Boots that are over and still told from ones that never were: late fetches come soon or never. */
const OVER_MAX = 10_000;

const bytesFile = (bytes: Buffer, tag: string, contentType: string): ServedFile => ({
  sizeBytes: bytes.length,
  etag: `"${tag}"`,
  contentType,
  read: async function* (startBytes, endBytes) {
    yield bytes.subarray(startBytes, endBytes);
  },
  close: async () => {},
});

const fileNamed = (manifest: BootManifest, name: BootFileName): BootFile | undefined => {
  if (name === 'kernel') return manifest.kernel;
  return name === 'initramfs' ? manifest.ramdisk : undefined;
};

export const makeOpenBoots = (parts: OpenBootsParts): OpenBoots => {
  const { key, url, clock } = parts;
  const byNode = new Map<string, BootManifest>();
  const byId = new Map<string, BootManifest>();
  /** Addresses of boots that are over: who comes late is told so. */
  const over = new Set<string>();

  const urlOf = (manifest: BootManifest, name: BootFileName): string => {
    const elsewhere = fileNamed(manifest, name);
    if (elsewhere?.kind === 'url') return elsewhere.url;
    return `${url}${bootFilePath(key, manifest, name)}`;
  };

  const scriptOf = (manifest: BootManifest): string =>
    renderBootScript(manifest.kernelArguments, (name) => urlOf(manifest, name), {
      isRamdiskAligned: manifest.ramdisk.kind === 'file',
    });

  /** Undefined for a file that lies elsewhere: we have none. */
  const fileOf = async (
    manifest: BootManifest,
    name: BootFileName,
  ): Promise<ServedFile | undefined> => {
    const tag = `${manifest.id}-${manifest.bootNumber}`;
    const named = fileNamed(manifest, name);
    if (named?.kind === 'url') return undefined;
    if (named !== undefined) {
      return openAlignedFile(named.path, name === 'kernel' ? 1 : ARCHIVE_ALIGNMENT_BYTES);
    }
    if (name === 'boot.ipxe') return bytesFile(Buffer.from(scriptOf(manifest)), tag, 'text/plain');
    const archive = Buffer.from(manifest.archive, 'base64');
    return bytesFile(archive, tag, 'application/octet-stream');
  };

  const isSourceRight = async (manifest: BootManifest, source: string): Promise<boolean> => {
    if (parts.sourceCheck === 'off') return true;
    if (parts.networks.length > 0 && !isInNetworks(source, parts.networks)) return false;
    if (parts.sourceCheck === 'network') return true;
    const nowMs = clock.wallMs();
    const leased = (await parts.leases())
      .filter((lease) => lease.expiresMs === null || lease.expiresMs > nowMs)
      .filter((lease) => manifest.macs.includes(lease.mac))
      .map((lease) => lease.address);
    return [...manifest.addresses, ...leased].some((address) => isSameHost(address, source));
  };

  const deny = (
    outcome: 'unknown' | 'denied' | 'gone',
    reason: BootDenial['reason'],
    source: string,
    manifest?: BootManifest,
  ): FoundFile => {
    parts.onDenied({ nodeUuid: manifest?.nodeUuid, source, reason });
    return { outcome };
  };

  const find = async (address: SignedAddress, source: string): Promise<FoundFile> => {
    const name = asBootFileName(address.name);
    if (name === undefined) return deny('unknown', 'path', source);
    if (over.has(address.id)) return deny('gone', 'expired', source);
    const manifest = byId.get(address.id);
    if (manifest === undefined) return deny('unknown', 'unknown', source);
    if (!isBootPathRight(key, manifest, name, address)) {
      return deny('denied', 'signature', source, manifest);
    }
    if (manifest.expiresMs <= clock.wallMs()) return deny('gone', 'expired', source, manifest);
    if (!(await isSourceRight(manifest, source))) return deny('denied', 'source', source, manifest);
    const file = await fileOf(manifest, name);
    return file === undefined
      ? deny('unknown', 'unknown', source, manifest)
      : { outcome: 'found', file };
  };

  const end = (manifest: BootManifest): void => {
    byNode.delete(manifest.nodeUuid);
    byId.delete(manifest.id);
    over.add(manifest.id);
    for (const id of over) {
      if (over.size <= OVER_MAX) break;
      over.delete(id);
    }
  };

  return {
    find,
    add: (manifest) => {
      const before = byNode.get(manifest.nodeUuid);
      if (before !== undefined && before.id !== manifest.id) end(before);
      over.delete(manifest.id);
      byNode.set(manifest.nodeUuid, manifest);
      byId.set(manifest.id, manifest);
    },
    remove: (nodeUuid) => {
      const manifest = byNode.get(nodeUuid);
      if (manifest !== undefined) end(manifest);
    },
    list: () => [...byNode.values()],
    scriptUrl: (manifest) => urlOf(manifest, 'boot.ipxe'),
    scriptFor: async (mac, source) => {
      const manifest = [...byNode.values()].find(({ macs }) => macs.includes(mac));
      if (manifest === undefined || manifest.expiresMs <= clock.wallMs()) {
        deny('unknown', 'unknown', source);
        return undefined;
      }
      if (await isSourceRight(manifest, source)) return scriptOf(manifest);
      deny('denied', 'source', source, manifest);
      return undefined;
    },
  };
};
