// Which files a node's ramdisk boots from. What a node names must lie in a directory that the operator listed: a
// node's owner may choose among ramdisks, not among the files of this host.

import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { ConductorOptions } from '../conductor-parts.ts';

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

const fileOf = async (
  node: Pick<NodeRecord, 'driverInfo'>,
  key: string,
  ifUnnamed: string,
  directories: readonly string[],
): Promise<string> => {
  const named = node.driverInfo[key];
  if (typeof named !== 'string' || named === '') return realPathOf(ifUnnamed);
  const path = named.startsWith(FILE_SCHEME) ? named.slice(FILE_SCHEME.length) : named;
  const real = await realPathOf(path);
  for (const directory of directories) {
    const allowed = await realPathOf(directory);
    if (real.startsWith(allowed + sep)) return real;
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

/** Kernel and initramfs for a boot over the network. A node names both or none. */
export const ramdiskKernelOf = async (
  node: Pick<NodeRecord, 'driverInfo'>,
  options: Pick<ConductorOptions, 'ramdiskKernel' | 'ramdiskInitramfs' | 'isoDirectories'>,
): Promise<{ readonly kernelPath: string; readonly ramdiskPath: string }> => {
  const { deploy_kernel: kernel, deploy_ramdisk: ramdisk } = node.driverInfo;
  if ((kernel === undefined) !== (ramdisk === undefined)) {
    throw new Failure(
      'node.invalid',
      'driver_info must have both of deploy_kernel and deploy_ramdisk, or neither.',
    );
  }
  const { ramdiskKernel, ramdiskInitramfs, isoDirectories } = options;
  return {
    kernelPath: await fileOf(node, 'deploy_kernel', ramdiskKernel, isoDirectories),
    ramdiskPath: await fileOf(node, 'deploy_ramdisk', ramdiskInitramfs, isoDirectories),
  };
};
