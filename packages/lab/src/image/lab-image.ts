// Builds an image once per content of its sources and keeps it, in the formats that were asked for, in the
// cache; a manifest says size and checksum.

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { buildDebianImage } from './debian.ts';
import { runImageProgram } from './image-program.ts';
import { buildTinyImage } from './tiny.ts';

export const IMAGE_KINDS = ['tiny', 'debian'] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];
export const IMAGE_FORMATS = ['raw', 'raw.zst', 'raw.gz', 'qcow2'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

export type LabImage = {
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What it takes on a disk. */
  readonly virtualBytes: number;
};
type Manifest = {
  readonly inputHash: string;
  readonly virtualBytes: number;
  readonly files: {
    readonly [format: string]: { readonly sha256: string; readonly sizeBytes: number };
  };
};

const BUILDERS = { tiny: buildTinyImage, debian: buildDebianImage } as const;

export const labImage = async (options: {
  readonly kind: ImageKind;
  readonly format: ImageFormat;
  /** `images` of the cache. */
  readonly directory: string;
  readonly isForced?: boolean;
}): Promise<LabImage> => {
  const { kind, format } = options;
  const directory = join(options.directory, kind);
  const manifestFile = join(directory, 'manifest.json');
  const inputHash = await hashSources(kind);
  let manifest = await readManifest(manifestFile);
  const isRawThere = existsSync(join(directory, fileName(kind, 'raw')));
  if (options.isForced === true || manifest?.inputHash !== inputHash || !isRawThere) {
    manifest = { inputHash, virtualBytes: await buildRaw(kind, directory), files: {} };
  }
  const file = join(directory, fileName(kind, format));
  if (manifest.files[format] === undefined || !existsSync(file)) {
    if (format !== 'raw') await convert(join(directory, fileName(kind, 'raw')), file, format);
    const described = { sha256: await sha256Of(file), sizeBytes: (await stat(file)).size };
    manifest = { ...manifest, files: { ...manifest.files, [format]: described } };
    await writeFile(`${manifestFile}.part`, `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(`${manifestFile}.part`, manifestFile);
  }
  const { sha256 = '', sizeBytes = 0 } = manifest.files[format] ?? {};
  return { file, sha256, sizeBytes, virtualBytes: manifest.virtualBytes };
};

const fileName = (kind: ImageKind, format: ImageFormat): string => `${kind}.${format}`;

const buildRaw = async (kind: ImageKind, directory: string): Promise<number> => {
  await rm(directory, { recursive: true, force: true });
  const work = join(directory, 'work');
  await mkdir(work, { recursive: true });
  const part = join(directory, 'image.part');
  await BUILDERS[kind](part, work);
  await rm(work, { recursive: true, force: true });
  await rename(part, join(directory, fileName(kind, 'raw')));
  return (await stat(join(directory, fileName(kind, 'raw')))).size;
};

const convert = async (raw: string, file: string, format: ImageFormat): Promise<void> => {
  const part = `${file}.part`;
  if (format === 'qcow2') {
    await runImageProgram('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, part]);
  } else if (format === 'raw.zst') {
    await runImageProgram('zstd', ['-q', '-f', '-T2', '-6', raw, '-o', part]);
  } else {
    await pipeline(createReadStream(raw), createGzip({ level: 6 }), createWriteStream(part));
  }
  await rename(part, file);
};

const sha256Of = async (file: string): Promise<string> => {
  const sum = createHash('sha256');
  await pipeline(createReadStream(file), sum);
  return sum.digest('hex');
};

const readManifest = async (file: string): Promise<Manifest | null> =>
  existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Manifest) : null;

/** What an image is made by; the rest of this folder may change without a new image. */
const SHARED_SOURCES = ['bootable-disk.ts', 'image-program.ts', 'write-tree.ts'];
const OWN_SOURCES = { tiny: ['tiny.ts'], debian: ['debian.ts', 'debian-system.ts'] } as const;

const hashSources = async (kind: ImageKind): Promise<string> => {
  const sum = createHash('sha256');
  for (const name of [...SHARED_SOURCES, ...OWN_SOURCES[kind]]) {
    sum.update(name).update(await readFile(join(import.meta.dirname, name)));
  }
  return sum.digest('hex').slice(0, 16);
};
