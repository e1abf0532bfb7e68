// `bessemer discovery medium`: what machines boot that nobody knows yet. The same for all of them, and nothing secret.

import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { Failure } from '@bessemer/protocol/errors/failure';

import { systemClock } from '#clock';
import { renderDiscoveryArchive } from '#media/discovery-archive';
import { mediumDigest, openBaseIso, overlayIso } from '#media/overlay-iso';
import { openAuthority } from '#trust/certificate/authority';

import {
  type Command,
  DATA_OPTIONS,
  DATA_OPTIONS_HELP,
  UsageInvalid,
  withData,
} from './command.ts';

export const DISCOVERY_USAGE = `usage: bessemer discovery medium --data DIR --url URL --base FILE --out DIR

medium  writes what machines boot that nobody knows yet: DIR/discovery.iso, for virtual media, sticks and starts by HTTP;
        DIR/config.cpio, for a PXE server of the site: one more initial RAM file system, behind the ramdisk's own. Both
        hold the address of the service and the certificate of its authority, and nothing secret.

  --url URL                  agent listener of the service, as machines reach it: https://ADDRESS:6386
  --base FILE                base image of the ramdisk, as "bessemer ramdisk build" makes it

${DATA_OPTIONS_HELP}`;

const urlOf = (text: string | undefined): string => {
  const url = (text ?? '').replace(/\/+$/, '');
  if (url.startsWith('https://') && URL.canParse(url)) return url;
  throw new UsageInvalid('--url https://ADDRESS:PORT is needed');
};

const writeIso = async (base: string, archive: Buffer, out: string): Promise<void> => {
  const iso = await openBaseIso(base).catch((error: unknown) => {
    if (error instanceof Failure) throw new UsageInvalid(`--base: ${error.message}`);
    throw error;
  });
  const image = overlayIso(iso, archive, mediumDigest(iso, archive));
  try {
    await pipeline(Readable.from(image.read(0, image.sizeBytes)), createWriteStream(out));
  } finally {
    await image.close();
  }
};

export const discovery: Command = async (args, print) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...DATA_OPTIONS,
      url: { type: 'string' },
      base: { type: 'string' },
      out: { type: 'string' },
    },
  });
  if (positionals.join(' ') !== 'medium') throw new UsageInvalid('expected "medium"');
  const { base, out } = values;
  const apiUrl = urlOf(values.url);
  if (base === undefined || out === undefined) {
    throw new UsageInvalid('--base FILE and --out DIR are needed');
  }
  return withData(values, async ({ directory }) => {
    const madeAtMs = systemClock.wallMs();
    const authority = await openAuthority(directory.authority, madeAtMs);
    const archive = renderDiscoveryArchive({
      apiUrl,
      madeAtMs,
      authorityPem: authority.certificatePem,
    });
    await mkdir(out, { recursive: true });
    await writeFile(join(out, 'config.cpio'), archive);
    await writeIso(base, archive, join(out, 'discovery.iso'));
    print(`${join(out, 'discovery.iso')} and ${join(out, 'config.cpio')} made`);
    return 0;
  });
};
