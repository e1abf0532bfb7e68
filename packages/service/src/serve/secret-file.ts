// A secret that an operator gives in a file of its own: nobody but the service may read it.

import { readFile, stat } from 'node:fs/promises';

import { ConfigInvalid } from '#config/setting';
import { Secret } from '#trust/secret';
import { storeFailure } from '#trust/secret-store/store-failure';

/** A group may read it: some systems hand secrets to services so. */
const OTHERS_MASK = 0o027;
/** Tokens of some systems are kilobytes; a file that is larger is another one than was meant. */
const SECRET_BYTES_MAX = 64 * 1_024;

const refusalOf = async (path: string): Promise<string | undefined> => {
  try {
    const { mode, size } = await stat(path);
    if ((mode & OTHERS_MASK) !== 0) return `other users can use ${path}; chmod 0400 it`;
    if (size > SECRET_BYTES_MAX) return `${path} is too large to hold a secret alone`;
    return (await readFile(path, 'utf8')).trimEnd() === '' ? `${path} is empty` : undefined;
  } catch (error) {
    return `${path} cannot be read: ${(error as Error).message}`;
  }
};

/**
 * Reads the file anew each time: who changed the secret need not restart the service. Throws ConfigInvalid; what comes
 * back throws `unauthorised`, as a login with the wrong secret does.
 */
export const openSecretFile = async (
  key: string,
  path: string | null,
): Promise<() => Promise<Secret<string>>> => {
  if (path === null) throw new ConfigInvalid(`${key} is needed`);
  const refusal = await refusalOf(path);
  if (refusal !== undefined) throw new ConfigInvalid(`${key}: ${refusal}`);
  return async () => {
    const trouble = await refusalOf(path);
    if (trouble !== undefined) throw storeFailure('unauthorised', `${key}: ${trouble}`);
    return new Secret((await readFile(path, 'utf8')).trimEnd());
  };
};
