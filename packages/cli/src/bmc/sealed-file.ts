// Opens a break-glass file with a private key of age. Nothing of what is inside is written anywhere.

import { readFileSync } from 'node:fs';

import {
  type BreakGlassContent,
  readBreakGlassContent,
} from '@bessemer/protocol/bmc/break-glass-content';

import { CliFailure } from '../cli-failure.ts';

/** The service writes about 1 KiB. */
const FILE_BYTES_MAX = 64 * 1_024;
const ARMOR_BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----';
const IDENTITY_PATTERN = /^AGE-SECRET-KEY-1[0-9A-Z]+$/;

const readSmallFile = (path: string): Buffer => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new CliFailure('usage', `cannot read ${path}`, { cause: error });
  }
  if (bytes.length > FILE_BYTES_MAX) throw new CliFailure('usage', `${path} is too large`);
  return bytes;
};

/** As age-keygen writes them: keys, one a line, and remarks. */
export const readIdentities = (path: string): readonly string[] => {
  const text = readSmallFile(path).toString('utf8');
  if (text.startsWith('age-encryption.org/') || text.startsWith(ARMOR_BEGIN)) {
    throw new CliFailure(
      'usage',
      `${path} is protected by a passphrase: open the file with \`age -d -i ${path}\`, and then tell the service with \`bessemer bmc rotate\``,
    );
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  // The text of a line that is not right may be half of a key.
  if (identities.length === 0 || !identities.every((line) => IDENTITY_PATTERN.test(line))) {
    throw new CliFailure('usage', `${path} has no private key of age (AGE-SECRET-KEY-1...)`);
  }
  return identities;
};

export const openSealedFile = async (
  path: string,
  identityPath: string,
): Promise<BreakGlassContent> => {
  const identities = readIdentities(identityPath);
  const bytes = readSmallFile(path);
  // Loaded here: no other command needs it.
  const { armor, Decrypter } = await import('age-encryption');
  const text = await opened(path, async () => {
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    const isArmored = bytes.subarray(0, ARMOR_BEGIN.length).toString('latin1') === ARMOR_BEGIN;
    const sealed = isArmored ? armor.decode(bytes.toString('latin1')) : new Uint8Array(bytes);
    return decrypter.decrypt(sealed, 'text');
  });
  const content = readBreakGlassContent(text);
  if (content === undefined) {
    throw new CliFailure('usage', `${path} is no break-glass file of this program`);
  }
  return content;
};

const opened = async (path: string, work: () => Promise<string>): Promise<string> => {
  try {
    return await work();
  } catch (error) {
    throw new CliFailure(
      'usage',
      `${path} does not open with that key: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
};
