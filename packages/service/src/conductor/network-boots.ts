// Boots over the network: one row each, holding, sealed, what this boot gets to know. The boot host serves it; when
// the host is this process it reads these rows, when it is another one the manifest is pushed there.

import { randomUUID } from 'node:crypto';

import type { BootManifest } from '#netboot/boot-host';
import type { Queryable } from '#store/database';
import { listPortsOfNode } from '#store/ports';
import type { KeyRing } from '#trust/key-ring';

import type { Job } from './workflow/step.ts';

type NewNetworkBoot = {
  readonly nodeUuid: string;
  readonly sessionId: string;
  readonly bootNumber: number;
  readonly archive: Buffer;
  readonly expiresMs: number;
};

/** What the sealed manifest of a boot is bound to. */
export const contextOf = (boot: { readonly id: string; readonly nodeUuid: string }): string =>
  `bessemer/network-boot/v1 ${boot.nodeUuid} ${boot.id}`;

export const createNetworkBoot = async (
  queryable: Queryable,
  parts: { readonly keys: KeyRing },
  boot: NewNetworkBoot,
): Promise<void> => {
  const id = randomUUID();
  await queryable
    .insertInto('network_boot')
    .values({
      id,
      node_uuid: boot.nodeUuid,
      session_id: boot.sessionId,
      boot_no: boot.bootNumber,
      macs: '[]',
      manifest_sealed: parts.keys.seal(boot.archive, contextOf({ id, nodeUuid: boot.nodeUuid })),
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
    .updateTable('network_boot')
    .set({ revoked_ms: nowMs, manifest_sealed: '' })
    .where('node_uuid', '=', nodeUuid)
    .where('revoked_ms', 'is', null)
    .execute();
};

/** What the boot host is to serve for the node's present session; undefined when it was revoked. */
export const networkBootManifest = async (job: Job): Promise<BootManifest | undefined> => {
  const { parts, node } = job;
  const row = await parts.store.db
    .selectFrom('network_boot')
    .selectAll()
    .where('node_uuid', '=', node.uuid)
    .where('revoked_ms', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const ports = await listPortsOfNode(parts.store.db, node.uuid);
  return {
    id: row.id,
    nodeUuid: node.uuid,
    sessionId: row.session_id,
    bootNumber: row.boot_no,
    macs: ports.filter((port) => port.pxeEnabled).map((port) => port.address),
    expiresMs: row.expires_ms,
    kernelArguments: [],
    kernelPath: '',
    ramdiskPath: '',
    archive: parts.keys.open(row.manifest_sealed, contextOf({ id: row.id, nodeUuid: node.uuid })),
    isHttpBoot: false,
  };
};
