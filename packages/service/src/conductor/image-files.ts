// Images that lie on this host, served to the one machine that is being deployed with them. The address is signed
// for a node and a time; which file it means is read from the node when it is asked for, and checked again.

import { createHash } from 'node:crypto';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { asNodeUuid } from '@bessemer/protocol/uuid';

import { checkImageSource, openImageFile } from '#media/image-source';
import { type FileSource, type FoundFile, readChunks, type ServedFile } from '#media/served-file';
import { expiryText, isSignatureRight, signatureOf } from '#media/signed-url';
import { findNode } from '#store/nodes';

import type { ConductorParts } from './conductor-parts.ts';
import { imageRules } from './deploy/image-rules.ts';

type Parts = Pick<ConductorParts, 'store' | 'keys' | 'clock' | 'urls' | 'options'>;

const KEY_PURPOSE = 'image-url';
const DEPLOYING = new Set(['deploying', 'wait call-back']);

const facts = (nodeUuid: string, name: string, digest: string, expires: string) => [
  nodeUuid,
  name,
  digest,
  expires,
];

export const imageFileUrl = (
  parts: Parts,
  node: NodeRecord,
  image: { readonly name: string; readonly digest: string },
): string => {
  const expires = expiryText(parts.clock.wallMs() + parts.options.commandTimeoutMs);
  const key = parts.keys.deriveKey(KEY_PURPOSE);
  const signature = signatureOf(key, facts(node.uuid, image.name, image.digest, expires));
  return `${parts.urls.boot}/images/${node.uuid}/${signature}/${expires}/${image.name}`;
};

const served = async (parts: Parts, path: string): Promise<ServedFile> => {
  const file = await openImageFile(path, imageRules(parts.options));
  const { size, mtimeMs, ino } = await file.stat();
  const tag = createHash('sha256').update(`${ino} ${size} ${mtimeMs}`).digest('hex').slice(0, 32);
  return {
    sizeBytes: size,
    etag: `"${tag}"`,
    contentType: 'application/octet-stream',
    read: async function* (startBytes, endBytes) {
      for await (const { bytes } of readChunks(file, startBytes, endBytes)) yield bytes;
    },
    close: () => file.close(),
  };
};

/** The local image that the node names now; undefined when it names none that may be served. */
const imageOf = (
  parts: Parts,
  node: NodeRecord,
): { readonly path: string; readonly digest: string } | undefined => {
  try {
    const { source, digest } = checkImageSource(node.instanceInfo, imageRules(parts.options));
    return source.kind === 'file' ? { path: source.path, digest } : undefined;
  } catch (error) {
    // The node was changed since, to something that would not be taken on.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
};

export const makeImageSource = (parts: Parts): FileSource => {
  const key = parts.keys.deriveKey(KEY_PURPOSE);
  return {
    find: async ({ id, signature, expires, name }): Promise<FoundFile> => {
      const uuid = asNodeUuid(id);
      const node = uuid === undefined ? undefined : await findNode(parts.store.db, uuid);
      const image = node === undefined ? undefined : imageOf(parts, node);
      // One answer, whatever is wrong: who has no right signature learns nothing, not even which nodes there are.
      if (node === undefined || image === undefined) return { outcome: 'denied' };
      if (!isSignatureRight(key, facts(node.uuid, name, image.digest, expires), signature)) {
        return { outcome: 'denied' };
      }
      const isOver = Number(expires) * 1_000 <= parts.clock.wallMs();
      if (isOver || !DEPLOYING.has(node.provisionState)) return { outcome: 'gone' };
      return { outcome: 'found', file: await served(parts, image.path) };
    },
  };
};
