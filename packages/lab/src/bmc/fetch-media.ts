// Fetches an image the way BMCs do: a HEAD for the size, then ranges, one after the other, into a file.

import { open } from 'node:fs/promises';
import { Agent, request } from 'undici';
import type { Clock } from '../clock.ts';

/** A ramdisk has about 100 MiB; a hundredfold mistake must not fill the disk. */
const IMAGE_BYTES_MAX = 2 * 1024 ** 3;
const RANGE_BYTES = 4 * 1024 ** 2;
const ANSWER_MS_MAX = 30_000;
/** One lost connection is not a failure; a server that keeps cutting is. */
const ATTEMPT_COUNT_MAX = 3;

export class MediaFetchFailure extends Error {
  constructor(text: string, options?: ErrorOptions) {
    super(text, options);
    this.name = 'MediaFetchFailure';
  }
}

export type FetchOptions = {
  /** PEM; null: the server's certificate is not verified. */
  readonly ca: string | null;
  readonly clock: Clock;
  readonly sizeBytesMax?: number;
};

type Source = { readonly url: URL; readonly dispatcher: Agent };

/** Returns the image's size. The file must not exist; it is made with mode 0600. */
export const fetchMedia = async (
  image: string,
  localPath: string,
  options: FetchOptions,
): Promise<number> => {
  const source: Source = {
    url: acceptableUrl(image),
    dispatcher: new Agent({
      connections: 1,
      headersTimeout: ANSWER_MS_MAX,
      bodyTimeout: ANSWER_MS_MAX,
      connect:
        options.ca === null ? { rejectUnauthorized: false } : { ca: options.ca, timeout: 10_000 },
    }),
  };
  try {
    const { sizeBytes, etag } = await fetchSize(source);
    const sizeBytesMax = options.sizeBytesMax ?? IMAGE_BYTES_MAX;
    if (sizeBytes > sizeBytesMax) throw new MediaFetchFailure(`${sizeBytes} bytes are too many`);
    const file = await open(localPath, 'wx', 0o600);
    try {
      for (let offset = 0; offset < sizeBytes; offset += RANGE_BYTES) {
        const length = Math.min(RANGE_BYTES, sizeBytes - offset);
        const part = await fetchRange(source, { offset, length, sizeBytes, etag });
        await file.write(part, 0, part.length, offset);
      }
    } finally {
      await file.close();
    }
    return sizeBytes;
  } finally {
    await source.dispatcher.destroy();
  }
};

const acceptableUrl = (image: string): URL => {
  if (!URL.canParse(image)) throw new MediaFetchFailure('the location is not a URL');
  const url = new URL(image);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new MediaFetchFailure(`${url.protocol} locations are not supported`);
  }
  return url;
};

const fetchSize = async (
  source: Source,
): Promise<{ sizeBytes: number; etag: string | undefined }> => {
  const { statusCode, headers, body } = await ask(source, 'HEAD', {});
  await body.dump();
  if (statusCode !== 200) throw new MediaFetchFailure(`the server answered ${statusCode}`);
  const sizeBytes = Number(headers['content-length']);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
    throw new MediaFetchFailure('the server does not tell the size');
  }
  if (headers['accept-ranges'] !== 'bytes') {
    throw new MediaFetchFailure('the server does not serve ranges');
  }
  return { sizeBytes, etag: headers['etag']?.toString() };
};

type Range = {
  readonly offset: number;
  readonly length: number;
  readonly sizeBytes: number;
  readonly etag: string | undefined;
};

const fetchRange = async (source: Source, range: Range): Promise<Buffer> => {
  const last = range.offset + range.length - 1;
  const { statusCode, headers, body } = await ask(source, 'GET', {
    range: `bytes=${range.offset}-${last}`,
  });
  const expected = `bytes ${range.offset}-${last}/${range.sizeBytes}`;
  if (statusCode !== 206 || headers['content-range'] !== expected) {
    await body.dump({ limit: 0 }).catch(() => undefined);
    throw new MediaFetchFailure(`the server answered ${statusCode} to a range`);
  }
  if (headers['etag']?.toString() !== range.etag) {
    await body.dump();
    throw new MediaFetchFailure('the image changed while it was fetched');
  }
  const part = Buffer.from(await body.arrayBuffer());
  if (part.length !== range.length) throw new MediaFetchFailure('a range was cut short');
  return part;
};

const ask = async (
  source: Source,
  method: 'HEAD' | 'GET',
  headers: { [name: string]: string },
): ReturnType<typeof request> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request(source.url, { method, headers, dispatcher: source.dispatcher });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt < ATTEMPT_COUNT_MAX && isCutConnection(error)) continue;
      throw new MediaFetchFailure(reason, { cause: error });
    }
  }
};

const isCutConnection = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'UND_ERR_SOCKET' || error.code === 'ECONNRESET');
