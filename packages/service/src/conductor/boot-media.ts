// The bootable media that BMCs fetch: one row each, naming a base image and holding, sealed, what this boot gets to
// know. A medium is for one session of one node; it ends with its time, or when it is revoked.

import { randomUUID } from 'node:crypto';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { expiryText, isSignatureRight, signatureOf } from '#media/signed-url';
import { mediumDigest, openBaseIso, overlayIso } from '#media/overlay-iso';
import type { FileSource, FoundFile } from '#media/served-file';
import type { Queryable, Store } from '#store/database';
import type { BootMediumTable } from '#store/schema';
import type { KeyRing } from '#trust/key-ring';
import type { Clock } from '#clock';

/** Some BMCs insist on the ending. */
const MEDIUM_NAME = 'boot.iso';
const KEY_PURPOSE = 'boot-media-url';

type SigningParts = { readonly keys: KeyRing; readonly urls: { readonly boot: string } };

type MediumFacts = Pick<BootMediumTable, 'id' | 'node_uuid' | 'session_id' | 'boot_no'>;

/** What the sealed archive of a medium is bound to. */
export const sealContext = (medium: MediumFacts): string =>
  `bessemer/boot-medium/v1 ${medium.node_uuid} ${medium.session_id} ${medium.boot_no} ${medium.id}`;

const signedFacts = (medium: MediumFacts, expires: string): readonly (string | number)[] => [
  medium.id,
  medium.node_uuid,
  medium.boot_no,
  expires,
];

const urlOf = (parts: SigningParts, medium: MediumFacts & { readonly expires_ms: number }) => {
  const expires = expiryText(medium.expires_ms);
  const key = parts.keys.deriveKey(KEY_PURPOSE);
  const signature = signatureOf(key, signedFacts(medium, expires));
  return `${parts.urls.boot}/media/${medium.id}/${signature}/${expires}/${MEDIUM_NAME}`;
};

export type NewBootMedium = {
  readonly nodeUuid: string;
  readonly sessionId: string;
  readonly bootNumber: number;
  /** Absolute path of the base ISO, already checked to be an allowed one. */
  readonly basePath: string;
  /** As `renderAgentArchive` makes it; holds secrets, and is kept sealed. */
  readonly archive: Buffer;
  readonly expiresMs: number;
};

/** Returns the signed address. Throws Failure `media.missing` or `media.invalid` for a bad base image. */
export const createBootMedium = async (
  queryable: Queryable,
  parts: SigningParts,
  wanted: NewBootMedium,
): Promise<string> => {
  const base = await openBaseIso(wanted.basePath);
  await base.file.close();
  const medium = {
    id: randomUUID(),
    node_uuid: wanted.nodeUuid,
    session_id: wanted.sessionId,
    boot_no: wanted.bootNumber,
    expires_ms: wanted.expiresMs,
  };
  await queryable
    .insertInto('boot_medium')
    .values({
      ...medium,
      base_path: wanted.basePath,
      overlay_sealed: parts.keys.seal(wanted.archive, sealContext(medium)),
      etag: mediumDigest(base, wanted.archive),
      revoked_ms: null,
    })
    .execute();
  return urlOf(parts, medium);
};

/** The signed address of the node's newest medium; undefined when it has none that is not revoked. */
export const bootMediumUrl = async (
  queryable: Queryable,
  parts: SigningParts,
  nodeUuid: string,
): Promise<string | undefined> => {
  const medium = await queryable
    .selectFrom('boot_medium')
    .select(['id', 'node_uuid', 'session_id', 'boot_no', 'expires_ms'])
    .where('node_uuid', '=', nodeUuid)
    .where('revoked_ms', 'is', null)
    .orderBy('boot_no', 'desc')
    .limit(1)
    .executeTakeFirst();
  return medium === undefined ? undefined : urlOf(parts, medium);
};

/** A late fetch is told that the medium is gone for so long; then it is unknown. */
const KEPT_AFTER_END_MS = 24 * 3_600_000;

/** Ends every medium of the node, and destroys what was sealed in it. */
export const revokeBootMedia = async (
  queryable: Queryable,
  nodeUuid: string,
  nowMs: number,
): Promise<void> => {
  await queryable
    .deleteFrom('boot_medium')
    .where('node_uuid', '=', nodeUuid)
    .where('expires_ms', '<', nowMs - KEPT_AFTER_END_MS)
    .execute();
  await queryable
    .updateTable('boot_medium')
    .set({ revoked_ms: nowMs, overlay_sealed: '' })
    .where('node_uuid', '=', nodeUuid)
    .where('revoked_ms', 'is', null)
    .execute();
};

export type MediaSourceParts = {
  readonly store: Pick<Store, 'db'>;
  readonly keys: KeyRing;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Whether a medium of this node may go to this address. */
  readonly mayFetch: (nodeUuid: NodeUuid, sourceAddress: string) => Promise<boolean>;
  /** Somebody has the name of a medium and not the permission. */
  readonly onForged?: (nodeUuid: NodeUuid, sourceAddress: string) => Promise<void>;
};

const ID_PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What the boot listener serves under /media. The signature is checked before anything is opened. */
export const makeMediaSource = (parts: MediaSourceParts): FileSource => {
  const key = parts.keys.deriveKey(KEY_PURPOSE);
  return {
    find: async ({ id, signature, expires, name }, sourceAddress): Promise<FoundFile> => {
      if (name !== MEDIUM_NAME || !ID_PATTERN.test(id)) return { outcome: 'unknown' };
      const medium = await parts.store.db
        .selectFrom('boot_medium')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      if (medium === undefined) return { outcome: 'unknown' };
      if (!isSignatureRight(key, signedFacts(medium, expires), signature)) {
        await parts.onForged?.(medium.node_uuid as NodeUuid, sourceAddress);
        return { outcome: 'denied' };
      }
      if (medium.revoked_ms !== null || medium.expires_ms <= parts.clock.wallMs()) {
        return { outcome: 'gone' };
      }
      if (!(await parts.mayFetch(medium.node_uuid as NodeUuid, sourceAddress))) {
        return { outcome: 'denied' };
      }
      const archive = parts.keys.open(medium.overlay_sealed, sealContext(medium));
      const base = await openBaseIso(medium.base_path);
      if (mediumDigest(base, archive) === medium.etag) {
        return { outcome: 'found', file: overlayIso(base, archive, medium.etag) };
      }
      // The base was replaced since: half of the old one and half of the new one would not boot.
      await base.file.close();
      return { outcome: 'gone' };
    },
  };
};
