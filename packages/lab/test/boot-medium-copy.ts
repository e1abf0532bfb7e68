// A base medium with an archive in its reserved region, as the service serves it; here as a real copy.

import { execFileSync } from 'node:child_process';
import { copyFile, open } from 'node:fs/promises';
import {
  RESERVED_REGION_BYTES,
  RESERVED_REGION_PATH,
} from '@bessemer/protocol/media/reserved-region';

const SECTOR_BYTES = 2048;

/** Byte offset of the reserved region, as xorriso finds it. */
const regionOffset = (iso: string): number => {
  const report = execFileSync(
    'xorriso',
    ['-indev', iso, '-find', '/', '-type', 'f', '-exec', 'report_lba', '--'],
    // xorriso talks on standard error even when all is well.
    { stdio: ['ignore', 'pipe', 'ignore'] },
  ).toString();
  // Its Rock Ridge name may be in lower case: the plain name is what counts.
  const line = report
    .split('\n')
    .find((each) => each.toUpperCase().endsWith(`'${RESERVED_REGION_PATH}'`));
  const sector = Number(/^File data lba:\s*\d+\s*,\s*(\d+)/.exec(line ?? '')?.[1]);
  if (!Number.isInteger(sector)) throw new Error(`no ${RESERVED_REGION_PATH} in ${iso}`);
  return sector * SECTOR_BYTES;
};

export const copyWithArchive = async (
  base: string,
  archive: Buffer,
  path: string,
): Promise<void> => {
  if (archive.length > RESERVED_REGION_BYTES) throw new Error('the archive is too large');
  await copyFile(base, path);
  const file = await open(path, 'r+');
  await file.write(archive, 0, archive.length, regionOffset(base));
  await file.close();
};
