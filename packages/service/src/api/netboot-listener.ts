// The listener for loaders: plain HTTP, since firmware and iPXE cannot know our authority. Boot files by signed
// address, the loader itself, and one entry for DHCP servers that are not ours.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

import type { FastifyInstance } from 'fastify';

import { renderEntryScript } from '#netboot/ipxe-script';
import type { OpenBoots } from '#netboot/open-boots';

import { type BootListenerParts, makeBootListener } from './boot-listener.ts';

export type NetbootListenerParts = Pick<BootListenerParts, 'log' | 'clock' | 'onBadPath'> & {
  readonly boots: OpenBoots;
  /** Base of this listener's addresses, without a trailing slash. */
  readonly url: string;
  /** Loader for UEFI machines that boot by HTTP; undefined: none is served. */
  readonly efiLoaderPath: string | undefined;
};

/** As iPXE writes it: lower case, with hyphens. */
const MAC_PATTERN = /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/;
const NOTHING = 'There is nothing at this address.';

export const makeNetbootListener = (parts: NetbootListenerParts): FastifyInstance => {
  const { boots, url, efiLoaderPath } = parts;
  const app = makeBootListener({ ...parts, sources: { netboot: boots }, tls: undefined });
  app.get('/netboot/boot.ipxe', (_request, reply) =>
    reply.header('cache-control', 'no-store').type('text/plain').send(renderEntryScript(url)),
  );
  app.get('/netboot/by-mac/:mac', async (request, reply) => {
    const { mac } = request.params as { readonly mac: string };
    const isMac = MAC_PATTERN.test(mac);
    if (!isMac) parts.onBadPath?.(request.ip);
    const script = isMac ? await boots.scriptFor(mac.replaceAll('-', ':'), request.ip) : undefined;
    reply.header('cache-control', 'no-store').type('text/plain');
    return script === undefined ? reply.code(404).send(NOTHING) : reply.send(script);
  });
  if (efiLoaderPath !== undefined) {
    app.route({
      method: ['GET', 'HEAD'],
      url: '/netboot/snponly.efi',
      handler: async (request, reply) => {
        const { size } = await stat(efiLoaderPath);
        reply.type('application/efi').header('content-length', size);
        return request.method === 'HEAD'
          ? reply.send()
          : reply.send(createReadStream(efiLoaderPath));
      },
    });
  }
  return app;
};
