// Kernels and ramdisks on a separate boot host, by the SHA-256 of their content. Nothing secret is in them; they are
// kept while boots use them and some days longer, so that the next boot need not wait for them.

import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { FILE_BYTES_MAX, isSha256 } from './control-protocol.ts';

/** Sites boot some machine each week; a ramdisk that was replaced is gone a week later. */
const UNUSED_MS_MAX = 7 * 86_400_000;
const UNFINISHED = '.unfinished';

export type BootFiles = {
  readonly pathOf: (sha256: string) => string;
  readonly has: (sha256: string) => Promise<boolean>;
  /** Takes the content only when it is what its name says; throws `Refusal` otherwise. */
  readonly put: (sha256: string, content: AsyncIterable<Buffer>) => Promise<void>;
  /** Removes what none of `used` is and nobody used for long. */
  readonly sweep: (used: ReadonlySet<string>, nowMs: number) => Promise<void>;
};

const receive = async (
  path: string,
  sha256: string,
  content: AsyncIterable<Buffer>,
): Promise<void> => {
  const file = await open(path, 'wx', 0o600);
  const digest = createHash('sha256');
  let sizeBytes = 0;
  try {
    for await (const chunk of content) {
      sizeBytes += chunk.length;
      if (sizeBytes > FILE_BYTES_MAX) throw new Refusal(413, 'the file is too large');
      digest.update(chunk);
      await file.write(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (digest.digest('hex') !== sha256) {
    throw new Refusal(400, 'the content does not have the SHA-256 that it is sent under');
  }
};

export const openBootFiles = async (directory: string): Promise<BootFiles> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) {
    if (name.endsWith(UNFINISHED)) await rm(join(directory, name));
  }
  let received = 0;
  const pathOf = (sha256: string): string => {
    if (!isSha256(sha256)) throw new Refusal(400, 'a file is named by its SHA-256');
    return join(directory, sha256);
  };
  return {
    pathOf,
    has: (sha256) =>
      stat(pathOf(sha256)).then(
        () => true,
        () => false,
      ),
    put: async (sha256, content) => {
      const path = pathOf(sha256);
      received += 1;
      const unfinished = `${path}.${received}${UNFINISHED}`;
      try {
        await receive(unfinished, sha256, content);
        await rename(unfinished, path);
      } finally {
        await rm(unfinished, { force: true });
      }
    },
    sweep: async (used, nowMs) => {
      for (const name of (await readdir(directory)).filter(isSha256)) {
        const path = join(directory, name);
        const now = new Date(nowMs);
        if (used.has(name)) await utimes(path, now, now);
        else if ((await stat(path)).mtimeMs < nowMs - UNUSED_MS_MAX) await rm(path);
      }
    },
  };
};
