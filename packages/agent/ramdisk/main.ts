// `./bessemer ramdisk`: builds what machines boot to be inspected, cleaned and deployed.

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory, RAMDISK_ISO } from '@bessemer/protocol/paths';
import { buildRamdisk } from './build-ramdisk.ts';
import { RamdiskFailure } from './ramdisk-failure.ts';

const USAGE = `./bessemer ramdisk build [--out DIR] [--agent FILE] [--force]

Builds deploy.kernel, deploy.initramfs, deploy.iso and manifest.json from Debian packages and the agent of
this checkout. What is up to date is left alone; --force builds it again with the packages of today.
--agent takes another program than the agent of this checkout, for experiments.
`;

const run = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      agent: { type: 'string' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help || positionals.length !== 1 || positionals[0] !== 'build') {
    (values.help ? process.stdout : process.stderr).write(USAGE);
    return values.help ? 0 : 2;
  }
  const cache = cacheDirectory(process.env);
  const directory = resolve(values.out ?? join(cache, RAMDISK_ISO, '..'));
  const started = performance.now();
  const { manifest, wasCached } = await buildRamdisk({
    directory,
    cache,
    isForced: values.force,
    ...(values.agent === undefined ? {} : { agentEntry: resolve(values.agent) }),
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const sizes = Object.entries(manifest.outputs)
    .map(([name, output]) => `${name} ${(output.sizeBytes / 1024 ** 2).toFixed(1)} MiB`)
    .join(', ');
  process.stdout.write(
    `${directory}: ${sizes}; kernel ${manifest.kernelVersion}, Node.js ${manifest.nodeVersion}; ` +
      `${wasCached ? 'up to date' : `built in ${seconds} s`}\n`,
  );
  return 0;
};

run(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    const isUsage = error instanceof TypeError && 'code' in error;
    if (!isUsage && !(error instanceof RamdiskFailure)) throw error;
    process.stderr.write(`ramdisk: ${error.message}\n`);
    process.exitCode = isUsage ? 2 : 1;
  },
);
