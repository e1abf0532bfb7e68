// The key-encryption keys of this service: files that only the service can read. Everything sealed is bound to
// a context, so that a sealed value moved to another row does not open. A stolen store without these files
// holds nothing usable.

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomBytes,
} from 'node:crypto';

import { KEY_BYTES, type KeySource, openKeyFiles } from './key-files.ts';

const NONCE_BYTES = 12;
const CIPHER = 'aes-256-gcm';

export type KeyRing = {
  /** JSON text that only this ring opens, and only with the same context. */
  readonly seal: (plain: Buffer, context: string) => string;
  /** Throws when the text was altered, moved to another context, or sealed by a key that is gone. */
  readonly open: (sealed: string, context: string) => Buffer;
  /** The same value under the newest key; the text itself when it is already. The value is not opened. */
  readonly rewrap: (sealed: string, context: string) => string;
  /** A key for one purpose (signing URLs, ...), the same at each start. */
  readonly deriveKey: (purpose: string) => Buffer;
};

/** One layer: nonce, ciphertext and tag. */
type Box = { readonly n: string; readonly c: string; readonly t: string };

type Sealed = { readonly v: 1; readonly kek: string; readonly key: Box; readonly data: Box };

// Keys become key objects first: handed over as bytes they cost the runtime several times the encryption.

const encrypt = (key: Buffer, plain: Buffer, context: string): Box => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, createSecretKey(key), nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return {
    n: nonce.toString('base64'),
    c: body.toString('base64'),
    t: cipher.getAuthTag().toString('base64'),
  };
};

const decrypt = (key: Buffer, box: Box, context: string): Buffer => {
  const decipher = createDecipheriv(CIPHER, createSecretKey(key), Buffer.from(box.n, 'base64'))
    .setAAD(Buffer.from(context))
    .setAuthTag(Buffer.from(box.t, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(box.c, 'base64')), decipher.final()]);
};

/** By id, oldest first; the last one seals. */
const sourceOf = (keys: ReadonlyMap<string, Buffer>): KeySource => {
  const newestId = [...keys.keys()].at(-1);
  if (newestId === undefined) throw new Error('a key ring needs at least one key');
  return {
    root: [...keys.values()][0] as Buffer,
    newestId: () => newestId,
    findKey: (id) => keys.get(id),
  };
};

/** The id of the key-encryption key that `sealed` needs. */
export const keyIdOf = (sealed: string): string => (JSON.parse(sealed) as Sealed).kek;

export const makeKeyRing = (from: ReadonlyMap<string, Buffer> | KeySource): KeyRing => {
  const source = 'findKey' in from ? from : sourceOf(from);
  const requireKey = (id: string): Buffer => {
    const key = source.findKey(id);
    if (key === undefined) throw new Error(`no key-encryption key named ${id}`);
    return key;
  };
  return {
    seal: (plain, context) => {
      const dataKey = randomBytes(KEY_BYTES);
      const kek = source.newestId();
      const sealed: Sealed = {
        v: 1,
        kek,
        key: encrypt(requireKey(kek), dataKey, context),
        data: encrypt(dataKey, plain, context),
      };
      return JSON.stringify(sealed);
    },
    open: (text, context) => {
      const sealed = JSON.parse(text) as Sealed;
      return decrypt(decrypt(requireKey(sealed.kek), sealed.key, context), sealed.data, context);
    },
    rewrap: (text, context) => {
      const sealed = JSON.parse(text) as Sealed;
      const kek = source.newestId();
      if (sealed.kek === kek) return text;
      const dataKey = decrypt(requireKey(sealed.kek), sealed.key, context);
      const rewrapped: Sealed = {
        ...sealed,
        kek,
        key: encrypt(requireKey(kek), dataKey, context),
      };
      return JSON.stringify(rewrapped);
    },
    deriveKey: (purpose) =>
      Buffer.from(
        hkdfSync('sha256', source.root, Buffer.alloc(0), `bessemer/${purpose}`, KEY_BYTES),
      ),
  };
};

export const openKeyRing = async (directory: string): Promise<KeyRing> =>
  makeKeyRing(await openKeyFiles(directory));
