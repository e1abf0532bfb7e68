// The two cipher suites of the lab's BMC, and the arithmetic of their sessions.

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  timingSafeEqual,
} from 'node:crypto';

export type Suite = {
  readonly id: number;
  readonly digest: string;
  readonly markBytes: number;
  /** Authentication, integrity, confidentiality. */
  readonly algorithms: readonly [number, number, number];
};

export const SUITES: readonly Suite[] = [
  { id: 17, digest: 'sha256', markBytes: 16, algorithms: [3, 4, 1] },
  { id: 3, digest: 'sha1', markBytes: 12, algorithms: [1, 1, 1] },
];

/** As Get Channel Cipher Suites tells them. */
export const suiteRecords = (suites: readonly Suite[]): Buffer =>
  Buffer.from(
    suites.flatMap(({ id, algorithms: [authentication, integrity, encryption] }) => [
      0xc0,
      id,
      authentication,
      0x40 | integrity,
      0x80 | encryption,
    ]),
  );

export const macOf = (suite: Suite, key: Buffer, data: Buffer): Buffer =>
  // Given as bytes, a key takes the runtime far longer.
  createHmac(suite.digest, createSecretKey(key)).update(data).digest();

export const markOf = (suite: Suite, key: Buffer, data: Buffer): Buffer =>
  macOf(suite, key, data).subarray(0, suite.markBytes);

export const isSame = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

export const encipher = (key: Buffer, iv: Buffer, plain: Buffer): Buffer => {
  const pad: number[] = [];
  while ((plain.length + pad.length + 1) % 16 !== 0) pad.push(pad.length + 1);
  const cipher = createCipheriv('aes-128-cbc', createSecretKey(key), iv);
  cipher.setAutoPadding(false);
  const padded = Buffer.concat([plain, Buffer.from(pad), Buffer.from([pad.length])]);
  return Buffer.concat([iv, cipher.update(padded), cipher.final()]);
};

/** Undefined when it was not made by `encipher` with that key. */
export const decipher = (key: Buffer, sealed: Buffer): Buffer | undefined => {
  if (sealed.length < 32 || sealed.length % 16 !== 0) return undefined;
  const cipher = createDecipheriv('aes-128-cbc', createSecretKey(key), sealed.subarray(0, 16));
  cipher.setAutoPadding(false);
  const padded = Buffer.concat([cipher.update(sealed.subarray(16)), cipher.final()]);
  const padBytes = padded.at(-1) ?? 0;
  return padBytes > 15 ? undefined : padded.subarray(0, padded.length - 1 - padBytes);
};
