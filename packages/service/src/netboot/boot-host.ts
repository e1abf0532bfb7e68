// Who serves boot files to machines: this process, or a separate host that files are pushed to and that can reach
// nothing else. The conductor speaks to both in the same way.

/** A file that the boot host serves, or one that lies on a server of the site, from where machines load it. */
export type BootFile =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

/** What is served to one machine in one boot that we caused. Everything in it may be read by who can fetch it. */
export type BootManifest = {
  readonly id: string;
  readonly nodeUuid: string;
  readonly sessionId: string;
  readonly bootNumber: number;
  /** Lower case; the machine may boot from any of these cards. */
  readonly macs: readonly string[];
  /** Addresses that we gave the machine ourselves; leases are the boot host's to know. */
  readonly addresses: readonly string[];
  /** Wall time. */
  readonly expiresMs: number;
  /** In order; each checked for what a boot loader would take for more than a word. */
  readonly kernelArguments: readonly string[];
  readonly kernel: BootFile;
  readonly ramdisk: BootFile;
  /** Base64 of the archive with this boot's configuration, unpacked by the kernel over the ramdisk. */
  readonly archive: string;
};

export type Lease = {
  /** Lower case. */
  readonly mac: string;
  readonly address: string;
  /** Wall time; null for one without end. */
  readonly expiresMs: number | null;
};

export type BootDenial = {
  readonly nodeUuid: string | undefined;
  /** Address that the request came from. */
  readonly source: string;
  readonly reason: 'signature' | 'source' | 'expired' | 'unknown' | 'path';
};

export type BootHost = {
  /** From now on the machine may boot. Idempotent for the same manifest; replaces what the node had before. */
  readonly prepare: (manifest: BootManifest) => Promise<void>;
  /** From now on it may not. Idempotent. */
  readonly remove: (nodeUuid: string) => Promise<void>;
  /** Which boots are open, by node: what a crash left shows here. */
  readonly list: () => Promise<readonly { readonly nodeUuid: string; readonly id: string }[]>;
  readonly leases: () => Promise<readonly Lease[]>;
  /** What it refused since the last time that it was asked; undefined: it tells of it by itself. */
  readonly denials?: () => Promise<readonly BootDenial[]>;
  readonly close: () => Promise<void>;
};
