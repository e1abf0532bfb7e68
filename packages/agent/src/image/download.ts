// An image as a stream of chunks. A broken transfer goes on where it broke when the server can; when it cannot
// (or the file changed), the reader is told to start over.

import { CommandFailure } from '../command-failure.ts';
import { type ImageServerOptions, openImage } from './image-server.ts';
import type { RetryBudget } from './retry-budget.ts';
import { TransferBroken } from './transfer-broken.ts';

export type Download = {
  /** Known before the first chunk; null when the server does not say. */
  readonly totalBytes: number | null;
  readonly etag: string | null;
  readonly url: string;
  /** A chunk is good until the next one is asked for. */
  readonly chunks: AsyncIterable<Buffer>;
};

/** The next attempt must begin at byte 0, so hash and disk position must, too. */
export class StartOver extends Error {
  readonly endedAtByte: number;

  constructor(text: string, endedAtByte: number) {
    super(text);
    this.name = 'StartOver';
    this.endedAtByte = endedAtByte;
  }
}

export const openDownload = async (
  options: ImageServerOptions,
  urls: readonly string[],
  budget: RetryBudget,
): Promise<Download> => {
  const { url, first } = await openFirst(options, urls, budget);
  const { totalBytes, etag } = first;

  const chunks = async function* (): AsyncGenerator<Buffer> {
    let offset = 0;
    let current = first;
    for (;;) {
      try {
        for await (const chunk of current.body) {
          offset += chunk.length;
          yield chunk;
        }
        if (totalBytes === null || offset === totalBytes) return;
        throw new TransferBroken(`the download ended at byte ${offset} of ${totalBytes}`);
      } catch (error) {
        const reason = brokenReason(error, offset, totalBytes);
        if (etag === null) throw new StartOver(reason, offset);
        current = await resume(reason, offset);
      }
    }
  };

  const resume = async (reason: string, offset: number): Promise<typeof first> => {
    let why = reason;
    await budget.spend(why, offset);
    for (;;) {
      try {
        const next = await openImage(options, url, { from: offset, to: null }, etag);
        if (next.isRange && next.totalBytes === totalBytes) return next;
        next.body.destroy();
        throw new StartOver(`${why}; the server does not continue`, offset);
      } catch (error) {
        if (!(error instanceof TransferBroken)) throw error;
        why = error.message;
        await budget.spend(why, null);
      }
    }
  };

  return { totalBytes, etag, url, chunks: chunks() };
};

const openFirst = async (
  options: ImageServerOptions,
  urls: readonly string[],
  budget: RetryBudget,
): Promise<{ url: string; first: Awaited<ReturnType<typeof openImage>> }> => {
  for (;;) {
    let reason = 'no address';
    for (const url of urls) {
      try {
        return { url, first: await openImage(options, url, null) };
      } catch (error) {
        if (!(error instanceof TransferBroken)) throw error;
        reason = error.message;
      }
    }
    await budget.spend(`the image could not be downloaded: ${reason}`, null);
  }
};

/** Errors of sockets are broken transfers; anything else is not about the network. */
const brokenReason = (error: unknown, offset: number, totalBytes: number | null): string => {
  if (error instanceof CommandFailure || !(error instanceof Error)) throw error;
  if (error instanceof TransferBroken) return error.message;
  if ('code' in error) {
    return `the download broke at byte ${offset} of ${totalBytes ?? '?'}: ${error.message}`;
  }
  throw error;
};
