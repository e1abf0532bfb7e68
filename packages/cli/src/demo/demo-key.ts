// An SSH key made for one run of the demo: its private half is forgotten at once.

import { createHash, generateKeyPairSync } from 'node:crypto';

export type DemoKey = {
  /** A line of authorized_keys. */
  readonly publicKey: string;
  /** The part of that line which is found nowhere else. */
  readonly blob: string;
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
};

const TYPE = 'ssh-ed25519';

const field = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

export const makeDemoKey = (): DemoKey => {
  const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const bytes = Buffer.concat([field(Buffer.from(TYPE)), field(Buffer.from(x ?? '', 'base64url'))]);
  const blob = bytes.toString('base64');
  const digest = createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '');
  return {
    publicKey: `${TYPE} ${blob} demo@bessemer`,
    blob,
    fingerprint: `SHA256:${digest}`,
  };
};
