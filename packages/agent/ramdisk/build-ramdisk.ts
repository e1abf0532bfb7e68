// `./bessemer ramdisk build`: the kernel, the initramfs and the base ISO, with a manifest of what is in them.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BASE_FILES, baseStage, type BaseStage } from './base-stage.ts';
import { writeBootIso } from './boot-iso.ts';
import { AGENT_ENTRY, bundleAgent, type Bundle } from './bundle-agent.ts';
import { writeArchive, type Tree } from './cpio-archive.ts';
import type { PackageVersions } from './debian-tree.ts';
import { checkHost } from './host-check.ts';
import { runProgram } from './run-program.ts';

export type RamdiskManifest = {
  readonly inputHash: string;
  readonly kernelVersion: string;
  readonly nodeVersion: string;
  readonly moduleCount: number;
  readonly agentSha256: string;
  readonly packages: PackageVersions;
  readonly outputs: {
    readonly [name: string]: { readonly sha256: string; readonly sizeBytes: number };
  };
};
export type RamdiskBuild = {
  readonly manifest: RamdiskManifest;
  readonly directory: string;
  readonly wasCached: boolean;
};

const OUTPUTS = ['deploy.kernel', 'deploy.initramfs', 'deploy.iso'] as const;
/** A change in one of these changes the base stage; the rest only what lies on top. */
const BASE_SOURCES = ['base-stage.ts', 'cpio-archive.ts', 'debian-tree.ts', 'kernel-modules.ts'];

export const buildRamdisk = async (options: {
  /** Where the outputs go. */
  readonly directory: string;
  /** Where stages are kept between runs. */
  readonly cache: string;
  readonly isForced: boolean;
  /** What runs as the agent; this checkout's, if not given. */
  readonly agentEntry?: string;
}): Promise<RamdiskBuild> => {
  const { directory } = options;
  const bundles = await bundleAgent(options.agentEntry ?? AGENT_ENTRY);
  const baseKey = await hashSources(BASE_SOURCES, [process.version, process.arch]);
  const agentSha256 = hash(bundles.map((bundle) => bundle.content));
  const inputHash = await hashSources(await topSources(), [baseKey, agentSha256]);
  if (!options.isForced) {
    const manifest = await readManifest(directory);
    if (manifest?.inputHash === inputHash) return { manifest, directory, wasCached: true };
  }
  checkHost();
  const stages = join(options.cache, 'ramdisk-stages');
  await mkdir(stages, { recursive: true });
  await mkdir(directory, { recursive: true });
  if (options.isForced) await rm(join(stages, `base-${baseKey}`), { recursive: true, force: true });
  const base = await baseStage(stages, baseKey, process.execPath);
  const work = join(directory, '.part');
  await rm(work, { recursive: true, force: true });
  await mkdir(work);
  await assemble(base, bundles, work);
  const manifest: RamdiskManifest = {
    inputHash,
    kernelVersion: base.facts.kernelVersion,
    nodeVersion: process.version,
    moduleCount: base.facts.moduleCount,
    agentSha256,
    packages: base.facts.packages,
    outputs: Object.fromEntries(
      await Promise.all(OUTPUTS.map(async (name) => [name, await describe(join(work, name))])),
    ),
  };
  await writeFile(join(work, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  // The manifest last: what it says is there, is there.
  for (const name of [...OUTPUTS, 'manifest.json']) {
    await rename(join(work, name), join(directory, name));
  }
  await rm(work, { recursive: true });
  await dropOtherStages(stages, `base-${baseKey}`);
  return { manifest, directory, wasCached: false };
};

/** The kernel unpacks one archive after the other, so the agent need not be packed with the rest. */
const assemble = async (
  base: BaseStage,
  bundles: readonly Bundle[],
  work: string,
): Promise<void> => {
  const guest = join(import.meta.dirname, 'guest');
  const top: Tree = new Map();
  const script = async (name: string) =>
    ({ kind: 'file', mode: 0o755, content: await readFile(join(guest, name)) }) as const;
  top.set('init', await script('init'));
  top.set('etc/udhcpc.script', await script('udhcpc.script'));
  // By this file the agent knows that it runs in its own ramdisk and may write to disks.
  top.set('etc/bessemer-ramdisk', { kind: 'file', mode: 0o444, content: 'bessemer\n' });
  for (const { name, content } of bundles) {
    top.set(`agent/${name}`, { kind: 'file', mode: 0o644, content });
  }
  const archive = join(work, 'top.cpio');
  writeArchive(top, archive);
  await runProgram('zstd', ['-q', '-12', '--rm', archive, '-o', `${archive}.zst`]);
  const initramfs = join(work, 'deploy.initramfs');
  const parts = [join(base.directory, BASE_FILES.initramfs), `${archive}.zst`];
  await writeFile(initramfs, Buffer.concat(await Promise.all(parts.map((part) => readFile(part)))));
  await rm(`${archive}.zst`);
  await copyFile(join(base.directory, BASE_FILES.kernel), join(work, 'deploy.kernel'));
  await writeBootIso(
    { kernel: join(work, 'deploy.kernel'), initramfs, loaders: base.directory },
    join(work, 'deploy.iso'),
  );
};

const readManifest = async (directory: string): Promise<RamdiskManifest | null> => {
  const files = [...OUTPUTS, 'manifest.json'].map((name) => join(directory, name));
  if (!files.every((file) => existsSync(file))) return null;
  return JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as RamdiskManifest;
};

const topSources = async (): Promise<readonly string[]> => {
  const names = await readdir(import.meta.dirname, { recursive: true });
  return names.filter((name) => /\.(ts|script)$|\/init$/u.test(name)).sort();
};

const hashSources = async (names: readonly string[], more: readonly string[]): Promise<string> => {
  const contents = await Promise.all(
    names.map((name) => readFile(join(import.meta.dirname, name))),
  );
  return hash([...names, ...contents, ...more]).slice(0, 16);
};

const hash = (parts: readonly (Buffer | string)[]): string => {
  const sum = createHash('sha256');
  for (const part of parts)
    sum
      .update(String(Buffer.byteLength(part)))
      .update(':')
      .update(part);
  return sum.digest('hex');
};

const describe = async (file: string) => {
  const sum = createHash('sha256');
  await pipeline(createReadStream(file), sum);
  return { sha256: sum.digest('hex'), sizeBytes: (await stat(file)).size };
};

const dropOtherStages = async (stages: string, kept: string): Promise<void> => {
  for (const name of await readdir(stages)) {
    if (name !== kept) await rm(join(stages, name), { recursive: true, force: true });
  }
};
