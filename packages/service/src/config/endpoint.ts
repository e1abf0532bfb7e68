// HOST:PORT as operators write it.

import { isIP } from 'node:net';

import { ConfigInvalid } from './setting.ts';

export type Endpoint = { readonly host: string; readonly port: number };

/** `127.0.0.1:6385`, `[::1]:6385`, `name:6385`; port 0 lets the system choose. Throws ConfigInvalid. */
export const parseEndpoint = (name: string, text: string): Endpoint => {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || !(port <= 65_535)) {
    throw new ConfigInvalid(`${name}: "${text}" is not HOST:PORT`);
  }
  return { host, port };
};

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** Listening on all addresses gives no address to tell to others. */
export const isEverywhere = (host: string): boolean => host === '0.0.0.0' || host === '::';

export const urlOf = (scheme: 'http' | 'https', { host, port }: Endpoint): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
