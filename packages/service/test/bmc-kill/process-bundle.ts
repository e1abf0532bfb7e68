// rotation-process.ts as one file, so that a life begins in a tenth of a second and a matrix of hundreds is had in minutes.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';

export type ProcessBundle = {
  readonly program: string;
  /** For NODE_COMPILE_CACHE. */
  readonly cache: string;
  readonly remove: () => Promise<void>;
};

/** Packages of the other kind of modules ask for it. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

export const bundleProcess = async (): Promise<ProcessBundle> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-rotation-'));
  const program = join(directory, 'rotation-process.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'rotation-process.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outfile: program,
    banner: { js: REQUIRE },
    external: ['pg-native'],
    logLevel: 'error',
  });
  return {
    program,
    cache: join(directory, 'cache'),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
};
