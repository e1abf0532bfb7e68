// Bundles the agent into single files that need no node_modules. Each worker thread that the agent starts with
// `new URL('./x.ts', import.meta.url)` becomes a bundle of its own beside the main one.

import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { RamdiskFailure } from './ramdisk-failure.ts';

export type Bundle = { readonly name: string; readonly content: Buffer };

const AGENT_SOURCE = join(import.meta.dirname, '../src');
const GUEST = join(import.meta.dirname, 'guest');
const WORKER = /new URL\(\s*'(\.[^']+)\.ts',\s*import\.meta\.url,?\s*\)/gu;
/** CommonJS packages inside an ES module still ask for `require`. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module';" +
  'const require = __createRequire(import.meta.url);';

export const AGENT_ENTRY = join(AGENT_SOURCE, 'main.ts');

export const bundleAgent = async (entryFile: string): Promise<readonly Bundle[]> => {
  const waiting = new Map<string, string>([
    ['start.mjs', join(GUEST, 'start.ts')],
    ['main.mjs', entryFile],
  ]);
  const bundles: Bundle[] = [];
  // A map takes additions while it is walked: workers found in one bundle are bundled after it.
  for (const [name, entry] of waiting) {
    bundles.push({ name, content: await bundleOne(entry, waiting) });
  }
  return bundles;
};

const bundleOne = async (entry: string, waiting: Map<string, string>): Promise<Buffer> => {
  const result = await bundleFile(entry, waiting);
  const [file] = result.outputFiles;
  if (file === undefined) throw new RamdiskFailure(`nothing came out of bundling ${entry}`);
  return Buffer.from(file.contents);
};

const bundleFile = (entry: string, waiting: Map<string, string>) =>
  build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'none',
    banner: { js: BANNER },
    logLevel: 'silent',
    plugins: [findWorkers(waiting)],
  }).catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    throw new RamdiskFailure(`the agent cannot be bundled: ${text}`, { cause: error });
  });

const findWorkers = (waiting: Map<string, string>): Plugin => ({
  name: 'worker-threads',
  setup: (plugin) => {
    plugin.onLoad({ filter: /packages\/agent\/src\/.*[.]ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replaceAll(WORKER, (_, worker: string) => {
        const name = `${basename(worker)}.mjs`;
        waiting.set(name, join(dirname(path), `${worker}.ts`));
        return `new URL('./${name}', import.meta.url)`;
      });
      return { contents, loader: 'ts' };
    });
  },
});
