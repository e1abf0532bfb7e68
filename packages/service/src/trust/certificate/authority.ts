// The service's own certificate authority, made at first start. Ramdisks carry its certificate, and clouds.yaml
// names it; its key never leaves its folder.

import { generateKeyPair } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Secret } from '../secret.ts';

export type Authority = {
  readonly certificatePem: string;
  readonly certificatePath: string;
  readonly keyPem: Secret<string>;
};

const makeKeyPair = promisify(generateKeyPair);

/** P-384: what stock agents use for theirs, and strong enough for ten years. */
export const makePrivateKeyPem = async (): Promise<Secret<string>> => {
  const { privateKey } = await makeKeyPair('ec', { namedCurve: 'P-384' });
  return new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
};

const writeNew = async (path: string, text: string, mode: number): Promise<void> => {
  const file = await open(path, 'wx', mode);
  await file.writeFile(text);
  await file.sync();
  await file.close();
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** The key is written first: a crash in between leaves a key without a certificate, which is then made from it. */
export const openAuthority = async (directory: string): Promise<Authority> => {
  const certificatePath = join(directory, 'ca.crt');
  const keyPath = join(directory, 'ca.key');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let keyText = await readIfThere(keyPath);
  if (keyText === undefined) {
    keyText = (await makePrivateKeyPem()).reveal();
    await writeNew(keyPath, keyText, 0o400);
  }
  const keyPem = new Secret(keyText);
  let certificatePem = await readIfThere(certificatePath);
  if (certificatePem === undefined) {
    const { issueAuthorityCertificate } = await import('./issue-certificate.ts');
    certificatePem = await issueAuthorityCertificate(keyPem);
    await writeNew(certificatePath, certificatePem, 0o444);
  }
  return { certificatePem, certificatePath, keyPem };
};
