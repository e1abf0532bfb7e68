// A boot listener over a real store and real HTTPS, and a client that trusts nothing but its authority.

import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { pino } from 'pino';

import { makeBootListener } from '#api/boot-listener';
import { type Clock, systemClock } from '#clock';
import { makeMediaSource } from '#conductor/boot-media';
import { type ConductorOptions, DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { makeImageSource } from '#conductor/image-files';
import { openStore, type Store } from '#store/database';
import { openAuthority } from '#trust/certificate/authority';
import { issueServerCertificate } from '#trust/certificate/issue-certificate';
import { type KeyRing, openKeyRing } from '#trust/key-ring';

import { inTemporaryDirectory } from './base-iso.ts';

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

export type BootScene = {
  readonly directory: string;
  readonly store: Store;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly options: ConductorOptions;
  readonly urls: { readonly boot: string; readonly agentApi: string };
  /** What the listener takes for now. */
  readonly time: { wallMs: number };
  /** Whether the client is taken for the BMC of the node. */
  readonly fetchers: { areAllowed: boolean };
  readonly fetch: (
    url: string,
    options?: { readonly method?: string; readonly headers?: { readonly [name: string]: string } },
  ) => Promise<Answer>;
  /** Lines that the listener logged. */
  readonly logged: string[];
};

const ANY_TIME_MS = 1_800_000_000_000;

export const withBootListener = (work: (scene: BootScene) => Promise<void>): Promise<void> =>
  inTemporaryDirectory(async (directory) => {
    const store = await openStore({ engine: 'sqlite', path: join(directory, 'test.sqlite') });
    const keys = await openKeyRing(join(directory, 'keys'));
    const authority = await openAuthority(join(directory, 'ca'), systemClock.wallMs());
    const issued = await issueServerCertificate(authority, {
      hosts: ['127.0.0.1'],
      nowMs: systemClock.wallMs(),
    });
    const time = { wallMs: ANY_TIME_MS };
    const fetchers = { areAllowed: true };
    const clock = { ...systemClock, wallMs: () => time.wallMs };
    const logged: string[] = [];
    const options = { ...DEFAULT_CONDUCTOR_OPTIONS, imageDirectories: [join(directory, 'images')] };
    // The port is known once it listens.
    const urls = { boot: '', agentApi: '' };
    const app = makeBootListener({
      sources: {
        media: makeMediaSource({ store, keys, clock, mayFetch: async () => fetchers.areAllowed }),
        images: makeImageSource({ store, keys, clock, urls, options }),
      },
      tls: { key: issued.keyPem.reveal(), certificate: issued.certificatePem },
      log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
      clock,
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const ca = authority.certificatePem;
    const fetch: BootScene['fetch'] = async (url, options = {}) => {
      const { host, pathname } = new URL(url);
      // The path as it was written: a parser would tidy up what the tests are about.
      const path = url.startsWith(`https://${host}`)
        ? url.slice(`https://${host}`.length)
        : pathname;
      const sent = request({
        host: '127.0.0.1',
        port,
        path,
        ca,
        agent: false,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
      });
      sent.end();
      const [response] = await once(sent, 'response');
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part as Buffer);
      return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) };
    };
    try {
      urls.boot = `https://127.0.0.1:${port}`;
      await work({ directory, store, keys, clock, options, urls, time, fetchers, fetch, logged });
    } finally {
      await app.close();
      await store.close();
    }
  });
