// A credential as one JSON text, for stores that keep texts.

import { isJsonObject } from '@bessemer/protocol/json';

import { Secret } from '../secret.ts';
import type { Credential } from './secret-store.ts';

export const credentialText = ({ username, password }: Credential): string =>
  JSON.stringify({ username, password: password.reveal() });

/** Undefined for anything else. */
export const readCredential = (value: unknown): Credential | undefined => {
  if (!isJsonObject(value)) return undefined;
  const { username, password } = value;
  return typeof username === 'string' && typeof password === 'string'
    ? { username, password: new Secret(password) }
    : undefined;
};

/** Undefined for any other text; the text is in no error. */
export const readCredentialText = (text: string): Credential | undefined => {
  try {
    return readCredential(JSON.parse(text));
  } catch {
    return undefined;
  }
};
