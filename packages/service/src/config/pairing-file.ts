// What a separate boot host is given by its control plane, as one file: its key, its certificate, and the authority
// whose certificates it obeys. Made by `bessemer boot-host init`, carried over by the operator.

import { readFile } from 'node:fs/promises';

import { ConfigInvalid } from './setting.ts';

export type Pairing = {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
};

const BLOCK = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n/g;

export const renderPairing = ({ key, certificate, authority }: Pairing): string =>
  [key, certificate, authority].map((pem) => `${pem.trim()}\n`).join('');

/** Throws ConfigInvalid. */
export const readPairing = async (path: string): Promise<Pairing> => {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ConfigInvalid(
      `${path} cannot be read; make it with "bessemer boot-host init" where the service runs, and bring it here`,
    );
  });
  const [key, certificate, authority, ...more] = [...text.matchAll(BLOCK)].map(([block]) => block);
  const isRight =
    key?.includes('PRIVATE KEY') === true &&
    certificate?.includes('BEGIN CERTIFICATE') === true &&
    authority?.includes('BEGIN CERTIFICATE') === true &&
    more.length === 0;
  if (isRight) return { key, certificate, authority };
  throw new ConfigInvalid(`${path} is not what "bessemer boot-host init" makes`);
};
