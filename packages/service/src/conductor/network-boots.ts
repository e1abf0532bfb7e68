// Boots over the network: one row each, holding, sealed, what the boot host serves. The rows are the truth; whatever
// the boot host has is brought in line with them, at each boot, at each end, and now and then for what a crash left.

import { randomUUID } from 'node:crypto';

import type { BootHost, BootManifest } from '#netboot/boot-host';
import type { Queryable } from '#store/database';
import type { NetworkBootTable } from '#store/schema';
import type { KeyRing } from '#trust/key-ring';

import type { ConductorParts } from './conductor-parts.ts';

type NewNetworkBoot = Omit<BootManifest, 'id' | 'archive'> & { readonly archive: Buffer };

type Keys = { readonly keys: KeyRing };

/** A late fetch is told that the boot is over for so long; then it is unknown. */
const KEPT_AFTER_END_MS = 24 * 3_600_000;

export const contextOf = (boot: { readonly id: string; readonly nodeUuid: string }): string =>
  `bessemer/network-boot/v1 ${boot.nodeUuid} ${boot.id}`;

export const createNetworkBoot = async (
  queryable: Queryable,
  { keys }: Keys,
  boot: NewNetworkBoot,
): Promise<void> => {
  const id = randomUUID();
  const manifest: BootManifest = { ...boot, id, archive: boot.archive.toString('base64') };
  await queryable
    .insertInto('network_boot')
    .values({
      id,
      node_uuid: boot.nodeUuid,
      session_id: boot.sessionId,
      boot_no: boot.bootNumber,
      macs: JSON.stringify(boot.macs),
      manifest_sealed: keys.seal(Buffer.from(JSON.stringify(manifest)), contextOf(manifest)),
      expires_ms: boot.expiresMs,
      revoked_ms: null,
    })
    .execute();
};

/** Ends every network boot of the node, and destroys what was sealed in it. */
export const revokeNetworkBoots = async (
  queryable: Queryable,
  nodeUuid: string,
  nowMs: number,
): Promise<void> => {
  await queryable
    .deleteFrom('network_boot')
    .where('node_uuid', '=', nodeUuid)
    .where('expires_ms', '<', nowMs - KEPT_AFTER_END_MS)
    .execute();
  await queryable
    .updateTable('network_boot')
    .set({ revoked_ms: nowMs, manifest_sealed: '' })
    .where('node_uuid', '=', nodeUuid)
    .where('revoked_ms', 'is', null)
    .execute();
};

const manifestOf = ({ keys }: Keys, row: NetworkBootTable): BootManifest =>
  JSON.parse(
    keys.open(row.manifest_sealed, contextOf({ id: row.id, nodeUuid: row.node_uuid })).toString(),
  ) as BootManifest;

/** What the boot host is to serve for the node; undefined when its boot was revoked. */
export const networkBootManifest = async (
  queryable: Queryable,
  parts: Keys,
  nodeUuid: string,
): Promise<BootManifest | undefined> => {
  const row = await queryable
    .selectFrom('network_boot')
    .selectAll()
    .where('node_uuid', '=', nodeUuid)
    .where('revoked_ms', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : manifestOf(parts, row);
};

/** Brings the boot host in line with the rows: what is open is served, what is not is gone. */
export const reconcileNetworkBoots = async (
  parts: Pick<ConductorParts, 'store' | 'keys' | 'clock'>,
  host: BootHost,
): Promise<void> => {
  const rows = await parts.store.db
    .selectFrom('network_boot')
    .selectAll()
    .where('revoked_ms', 'is', null)
    .where('expires_ms', '>', parts.clock.wallMs())
    .execute();
  const served = await host.list();
  const open = new Set(rows.map(({ id }) => id));
  for (const { nodeUuid, id } of served) if (!open.has(id)) await host.remove(nodeUuid);
  const known = new Set(served.map(({ id }) => id));
  for (const row of rows) if (!known.has(row.id)) await host.prepare(manifestOf(parts, row));
};
