// Takes the boot medium away from this system. What the service placed on it (token, key) was unpacked to memory and
// read; from here on no program, and no tenant's code in an image, can read it from the drive again. The service
// ejects it too, but later, and a BMC may be slow.

import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RAMDISK_ISO_LABEL } from '@bessemer/protocol/media/reserved-region';
import type { Clock } from '#clock';
import type { AgentLog } from './agent-log.ts';
import { runsFromOwnRamdisk } from './may-write-disks.ts';

export type BootMediumParts = {
  /** `/`; where `sys`, `dev`, `proc` and the ramdisk's marker are looked for. */
  readonly root: string;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<AgentLog, 'say'>;
};

/** A drive behind a BMC may hang; the machine must not wait for it. */
const DETACH_MS_MAX = 10_000;
/** Where ISO 9660 has its first descriptor, and the volume's name in it. */
const DESCRIPTOR_AT = 16 * 2_048;
const DESCRIPTOR_BYTES = 72;
const NAME_AT = 40;
const ISO_MAGIC = '\u0001CD001\u0001';

/** Names of the drives that were detached. On anything but our own ramdisk it touches nothing. */
export const detachBootMedium = async (parts: BootMediumParts): Promise<readonly string[]> => {
  if (!(await runsFromOwnRamdisk(parts.root))) return [];
  const tooSlow = new Promise<readonly string[]>((resolve) => {
    parts.clock.after(DETACH_MS_MAX, () => resolve([]));
  });
  return Promise.race([detachAll(parts), tooSlow]);
};

const detachAll = async ({ root, log }: BootMediumParts): Promise<readonly string[]> => {
  const detached: string[] = [];
  for (const name of await opticalDrives(root)) {
    try {
      if ((await isoLabel(join(root, 'dev', name))) !== RAMDISK_ISO_LABEL) continue;
      await writeFile(join(root, 'sys/block', name, 'device/delete'), '1');
      log.say(`the boot medium in ${name} is detached`);
      detached.push(name);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      log.say(`drive ${name} stays: ${error.message}`);
    }
  }
  return detached;
};

const opticalDrives = async (root: string): Promise<readonly string[]> => {
  try {
    const names = await readdir(join(root, 'sys/block'));
    return names.filter((name) => /^sr[0-9]+$/.test(name)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  }
};

/** Null when there is no ISO 9660 in the drive. */
const isoLabel = async (device: string): Promise<string | null> => {
  const file = await open(device, 'r');
  try {
    const bytes = Buffer.alloc(DESCRIPTOR_BYTES);
    await file.read(bytes, 0, DESCRIPTOR_BYTES, DESCRIPTOR_AT);
    const isIso = bytes.toString('latin1', 0, ISO_MAGIC.length) === ISO_MAGIC;
    return isIso ? bytes.toString('latin1', NAME_AT).trimEnd() : null;
  } finally {
    await file.close();
  }
};
