// The service's own certificate authority, made at first start. Ramdisks carry its certificate, and clouds.yaml
// names it; its key never leaves its folder.

import { createPrivateKey, generateKeyPair, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Secret } from '../secret.ts';
import { writeOnce } from '../write-once.ts';

export type Authority = {
  readonly certificatePem: string;
  readonly certificatePath: string;
  readonly keyPem: Secret<string>;
};

const makeKeyPair = promisify(generateKeyPair);

export type NamedCurve = 'P-256' | 'P-384';

/** P-384 for what lives long: strong enough for ten years. */
export const makePrivateKeyPem = async (
  namedCurve: NamedCurve = 'P-384',
): Promise<Secret<string>> => {
  const { privateKey } = await makeKeyPair('ec', { namedCurve });
  return new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** What is in the file; made first when it is not there. */
const readOrMake = async (
  path: string,
  mode: number,
  make: () => Promise<string>,
): Promise<string> => {
  const text = await readIfThere(path);
  if (text !== undefined) return text;
  await writeOnce(path, await make(), mode);
  return readFile(path, 'utf8');
};

const isPair = (certificatePem: string, keyPem: string): boolean => {
  try {
    return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    // One of the two cannot be read: no pair either.
    return false;
  }
};

/**
 * The key is written first: a crash in between leaves a key without a certificate, which is then made from it.
 * `nowMs` is the wall time, from which a new certificate is valid.
 */
export const openAuthority = async (directory: string, nowMs: number): Promise<Authority> => {
  const certificatePath = join(directory, 'ca.crt');
  const keyPath = join(directory, 'ca.key');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const keyText = await readOrMake(keyPath, 0o400, async () =>
    (await makePrivateKeyPem()).reveal(),
  );
  const keyPem = new Secret(keyText);
  const certificatePem = await readOrMake(certificatePath, 0o444, async () => {
    const { issueAuthorityCertificate } = await import('./issue-certificate.ts');
    return issueAuthorityCertificate(keyPem, nowMs);
  });
  if (!isPair(certificatePem, keyText)) {
    throw new Error(`${certificatePath} and ${keyPath} are no pair; bring them back from a backup`);
  }
  return { certificatePem, certificatePath, keyPem };
};
