// A program that a test starts dozens of times, as one file: most of its start is finding and reading a thousand.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';

export type BundledProgram = {
  readonly program: string;
  /** For NODE_COMPILE_CACHE. */
  readonly cache: string;
  readonly remove: () => Promise<void>;
};

/** Packages that are no ES modules ask for others by a function that a bundle has to be given. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(import.meta.url)});`;

/** `sources`: absolute paths, run in this order. */
export const bundleProgram = async (sources: readonly string[]): Promise<BundledProgram> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-bundle-'));
  const program = join(directory, 'program.mjs');
  await build({
    stdin: {
      contents: sources.map((source) => `import ${JSON.stringify(source)};`).join('\n'),
      resolveDir: import.meta.dirname,
    },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: REQUIRE },
    // Names of classes are names of errors.
    keepNames: true,
    external: ['pg-native'],
    logLevel: 'error',
  });
  return {
    program,
    cache: join(directory, 'cache'),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
};
