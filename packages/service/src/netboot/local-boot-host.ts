// The boot host in this process: files by the boot listener, answers to DHCP by dnsmasq when that is ours too.

import type { BootHost, BootManifest, Lease } from './boot-host.ts';
import type { OpenBoots } from './open-boots.ts';

/** What tells machines that ask by DHCP where their boot is. */
export type BootAnnouncer = {
  /** From now on these cards are led to this script. Idempotent; replaces what was announced for `bootId`. */
  readonly announce: (boot: {
    readonly bootId: string;
    readonly macs: readonly string[];
    readonly scriptUrl: string;
  }) => Promise<void>;
  readonly withdraw: (bootId: string) => Promise<void>;
  readonly leases: () => Promise<readonly Lease[]>;
  readonly close: () => Promise<void>;
};

/** A DHCP server that is not ours: it hands out the entry script, and we know no leases. */
export const FOREIGN_DHCP: BootAnnouncer = {
  announce: async () => {},
  withdraw: async () => {},
  leases: async () => [],
  close: async () => {},
};

export const makeLocalBootHost = (boots: OpenBoots, announcer: BootAnnouncer): BootHost => {
  const openOf = (nodeUuid: string): BootManifest | undefined =>
    boots.list().find((manifest) => manifest.nodeUuid === nodeUuid);
  const remove = async (nodeUuid: string): Promise<void> => {
    const manifest = openOf(nodeUuid);
    if (manifest === undefined) return;
    boots.remove(nodeUuid);
    await announcer.withdraw(manifest.id);
  };
  return {
    prepare: async (manifest) => {
      if (openOf(manifest.nodeUuid)?.id !== manifest.id) await remove(manifest.nodeUuid);
      boots.add(manifest);
      const scriptUrl = boots.scriptUrl(manifest);
      await announcer.announce({ bootId: manifest.id, macs: manifest.macs, scriptUrl });
    },
    remove,
    list: async () => boots.list().map(({ nodeUuid, id }) => ({ nodeUuid, id })),
    leases: announcer.leases,
    close: announcer.close,
  };
};
