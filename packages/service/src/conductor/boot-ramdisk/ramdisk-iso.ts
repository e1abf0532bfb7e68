// Which base ISO a node boots from. What a node names must lie in a directory that the operator listed: a node's
// owner may choose among ramdisks, not among the files of this host.

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

export const ramdiskIsoOf = async (
  node: Pick<NodeRecord, 'driverInfo'>,
  options: Pick<ConductorOptions, 'ramdiskIso' | 'isoDirectories'>,
): Promise<string> => {
  const named = node.driverInfo['deploy_iso'];
  if (typeof named !== 'string' || named === '') return realPathOf(options.ramdiskIso);
  const path = named.startsWith(FILE_SCHEME) ? named.slice(FILE_SCHEME.length) : named;
  const real = await realPathOf(path);
  for (const directory of options.isoDirectories) {
    const allowed = await realPathOf(directory);
    if (real.startsWith(allowed + sep)) return real;
  }
  throw new Failure(
    'media.invalid',
    'driver_info deploy_iso must name a file in one of the directories of [deploy] iso_directories.',
  );
};
