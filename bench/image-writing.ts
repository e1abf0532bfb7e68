// The agent writes an image from an HTTP server to a file-backed disk, SHA-256 checked in the same pass, against curl
// writing the same bytes to the same place with one fsync at the end.

import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { guidBytes, makeProtectiveGpt } from './small-gpt.ts';
import { type Bench, medianOf } from './measurement.ts';
import { makeDirectory } from './served.ts';

const MIB = 1024 * 1024;
const SHARE_MIN = 0.8;
const PEAK_MIB_MAX = 150;

/** Random data behind a partition table: nothing that could be skipped or compressed. */
const makeImage = (path: string, mib: number): string => {
  const file = openSync(path, 'w');
  const hash = createHash('sha256');
  const head = makeProtectiveGpt(mib * MIB, guidBytes());
  const piece = randomBytes(MIB);
  for (let index = 0; index < mib; index += 1) {
    piece.writeUInt32LE(index, 8);
    const bytes = index === 0 ? head.first : index === mib - 1 ? head.last : piece;
    writeSync(file, bytes);
    hash.update(bytes);
  }
  closeSync(file);
  return hash.digest('hex');
};

const withCurl = (url: string, path: string): number => {
  const startedMs = performance.now();
  execFileSync('curl', ['-sS', '--fail', '-o', path, url]);
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
  return (performance.now() - startedMs) / 1_000;
};

const withAgent = (
  url: string,
  sha256: string,
  diskMiB: number,
): { readonly seconds: number; readonly peakMiB: number } => {
  const program = join(import.meta.dirname, 'image-agent-process.ts');
  const text = execFileSync(process.execPath, [program, url, sha256, String(diskMiB)], {
    encoding: 'utf8',
  });
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as ReturnType<typeof withAgent>;
};

export const imageWriting: Bench = {
  name: 'image',
  run: async (size) => {
    const directory = makeDirectory();
    const source = join(directory, 'image.raw');
    const sha256 = makeImage(source, size.imageMiB);
    const program = join(import.meta.dirname, 'image-server-process.ts');
    const server = spawn(process.execPath, [program, source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [port] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
      const url = `http://127.0.0.1:${port}/image.raw`;
      const target = join(directory, 'curl.raw');
      const [curls, agents, peaks]: [number[], number[], number[]] = [[], [], []];
      for (let round = 0; round < (size.isQuick ? 1 : 3); round += 1) {
        curls.push(withCurl(url, target));
        rmSync(target);
        const written = withAgent(url, sha256, size.imageMiB + 64);
        agents.push(written.seconds);
        peaks.push(written.peakMiB);
      }
      const rate = size.imageMiB / medianOf(agents);
      const limit = size.imageMiB / medianOf(curls);
      const peak = Math.max(...peaks);
      return [
        {
          what: `image writing, ${size.imageMiB} MiB`,
          measured: rate,
          unit: 'MiB/s',
          limit: { value: limit, what: 'curl and fsync, nothing checked' },
          goal: `at least ${SHARE_MIN} of curl`,
          isMet: rate >= limit * SHARE_MIN,
        },
        {
          what: 'memory of the agent while writing, at most',
          measured: peak,
          unit: 'MiB',
          limit: null,
          goal: `under ${PEAK_MIB_MAX} MiB`,
          isMet: peak < PEAK_MIB_MAX,
        },
      ];
    } finally {
      server.kill('SIGTERM');
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
