// The key-encryption keys of this service: files that only the service can read. Everything sealed is bound to
// a context, so that a sealed value moved to another row does not open. A stolen store without these files
// holds nothing usable.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeOnce } from './write-once.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const CIPHER = 'aes-256-gcm';
const KEY_FILE_PATTERN = /^kek-(\d{4})$/;

export type KeyRing = {
  /** JSON text that only this ring opens, and only with the same context. */
  readonly seal: (plain: Buffer, context: string) => string;
  /** Throws when the text was altered, moved to another context, or sealed by a key that is gone. */
  readonly open: (sealed: string, context: string) => Buffer;
  /** A key for one purpose (signing URLs, ...), the same at each start. */
  readonly deriveKey: (purpose: string) => Buffer;
};

/** One layer: nonce, ciphertext and tag. */
type Box = { readonly n: string; readonly c: string; readonly t: string };

type Sealed = { readonly v: 1; readonly kek: string; readonly key: Box; readonly data: Box };

const encrypt = (key: Buffer, plain: Buffer, context: string): Box => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return {
    n: nonce.toString('base64'),
    c: body.toString('base64'),
    t: cipher.getAuthTag().toString('base64'),
  };
};

const decrypt = (key: Buffer, box: Box, context: string): Buffer => {
  const decipher = createDecipheriv(CIPHER, key, Buffer.from(box.n, 'base64'))
    .setAAD(Buffer.from(context))
    .setAuthTag(Buffer.from(box.t, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(box.c, 'base64')), decipher.final()]);
};

/** `keys` by id, oldest first; the last one seals. */
export const makeKeyRing = (keys: ReadonlyMap<string, Buffer>): KeyRing => {
  const newest = [...keys].at(-1);
  if (newest === undefined) throw new Error('a key ring needs at least one key');
  const [newestId, newestKey] = newest;
  return {
    seal: (plain, context) => {
      const dataKey = randomBytes(KEY_BYTES);
      const sealed: Sealed = {
        v: 1,
        kek: newestId,
        key: encrypt(newestKey, dataKey, context),
        data: encrypt(dataKey, plain, context),
      };
      return JSON.stringify(sealed);
    },
    open: (text, context) => {
      const sealed = JSON.parse(text) as Sealed;
      const key = keys.get(sealed.kek);
      if (key === undefined) throw new Error(`no key-encryption key named ${sealed.kek}`);
      return decrypt(decrypt(key, sealed.key, context), sealed.data, context);
    },
    deriveKey: (purpose) => {
      const oldest = [...keys.values()][0] as Buffer;
      return Buffer.from(
        hkdfSync('sha256', oldest, Buffer.alloc(0), `bessemer/${purpose}`, KEY_BYTES),
      );
    },
  };
};

/** Reads the key files of `directory`, making the first one when there is none. */
export const openKeyRing = async (directory: string): Promise<KeyRing> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = (await readdir(directory)).filter((name) => KEY_FILE_PATTERN.test(name)).sort();
  if (names.length === 0) {
    await writeOnce(join(directory, 'kek-0001'), randomBytes(KEY_BYTES), 0o400);
    names.push('kek-0001');
  }
  const keys = new Map<string, Buffer>();
  for (const name of names) {
    const key = await readFile(join(directory, name));
    if (key.length !== KEY_BYTES)
      throw new Error(
        `${join(directory, name)} is not a key of ${KEY_BYTES} bytes; bring it back from a backup`,
      );
    keys.set(name, key);
  }
  return makeKeyRing(keys);
};
