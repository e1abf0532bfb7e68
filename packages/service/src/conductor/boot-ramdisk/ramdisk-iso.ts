// Which files a node's ramdisk boots from. What a node names must lie in a directory that the operator listed: a
// node's owner may choose among ramdisks, not among the files of this host.

import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { checkImageHost, type ImageRules } from '#media/image-source';
import type { BootFile } from '#netboot/boot-host';
import { isScriptUrl } from '#netboot/ipxe-script';

import type { ConductorOptions } from '../conductor-parts.ts';
import { imageRules } from '../deploy/image-rules.ts';

const FILE_SCHEME = 'file://';

const realPathOf = async (path: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (cause) {
    throw new Failure(
      'media.missing',
      `There is no ramdisk image at ${path}. Build it with: bessemer ramdisk build`,
      { cause },
    );
  }
};

/** Whatever the reason: no such file, no permission to look, too many links. */
const missing = (): undefined => undefined;

const fileOf = async (
  node: Pick<NodeRecord, 'driverInfo'>,
  key: string,
  ifUnnamed: string,
  directories: readonly string[],
): Promise<string> => {
  const named = node.driverInfo[key];
  if (typeof named !== 'string' || named === '') return realPathOf(ifUnnamed);
  const path = named.startsWith(FILE_SCHEME) ? named.slice(FILE_SCHEME.length) : named;
  const real = await realpath(path).catch(missing);
  for (const directory of directories) {
    const allowed = await realPathOf(directory);
    if (real?.startsWith(allowed + sep) === true) return real;
    // Only of what may be named at all is it told whether it is there.
    if (real === undefined && resolve(path).startsWith(resolve(directory) + sep)) {
      return realPathOf(path);
    }
  }
  throw new Failure(
    'media.invalid',
    `driver_info ${key} must name a file in one of the directories of [deploy] iso_directories.`,
  );
};

export const ramdiskIsoOf = (
  node: Pick<NodeRecord, 'driverInfo'>,
  options: Pick<ConductorOptions, 'ramdiskIso' | 'isoDirectories'>,
): Promise<string> => fileOf(node, 'deploy_iso', options.ramdiskIso, options.isoDirectories);

/** Of a server of the site; machines fetch it themselves. */
const urlFileOf = async (key: string, text: string, rules: ImageRules): Promise<BootFile> => {
  if (!isScriptUrl(text)) {
    throw new Failure(
      'node.invalid',
      `driver_info ${key} must be a plain address: letters, digits and . _ ~ - between slashes, and nothing behind.`,
    );
  }
  await checkImageHost(new URL(text), rules);
  return { kind: 'url', url: text };
};

/** Throws `Failure` for a node that names one of the two only. */
export const requireBothOrNeither = (node: Pick<NodeRecord, 'driverInfo'>): void => {
  const { deploy_kernel: kernel, deploy_ramdisk: ramdisk } = node.driverInfo;
  if (isNamed(kernel) === isNamed(ramdisk)) return;
  throw new Failure(
    'node.invalid',
    'driver_info must have both of deploy_kernel and deploy_ramdisk, or neither.',
  );
};

const isNamed = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** Kernel and initramfs for a boot over the network: paths and file:// on this host, http(s):// elsewhere. */
export const ramdiskKernelOf = async (
  node: Pick<NodeRecord, 'driverInfo'>,
  options: Pick<
    ConductorOptions,
    'ramdiskKernel' | 'ramdiskInitramfs' | 'isoDirectories' | 'imageNetworks' | 'imageDirectories'
  >,
): Promise<{ readonly kernel: BootFile; readonly ramdisk: BootFile }> => {
  requireBothOrNeither(node);
  const { ramdiskKernel, ramdiskInitramfs, isoDirectories } = options;
  const bootFileOf = async (key: string, ifUnnamed: string): Promise<BootFile> => {
    const named = node.driverInfo[key];
    if (typeof named === 'string' && /^https?:/i.test(named)) {
      return urlFileOf(key, named, imageRules(options));
    }
    return { kind: 'file', path: await fileOf(node, key, ifUnnamed, isoDirectories) };
  };
  return {
    kernel: await bootFileOf('deploy_kernel', ramdiskKernel),
    ramdisk: await bootFileOf('deploy_ramdisk', ramdiskInitramfs),
  };
};
