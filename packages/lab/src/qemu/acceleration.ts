// Which acceleration to use. That /dev/kvm opens proves nothing: there are hosts where QEMU starts on it and
// firmware runs, and a distribution's kernel hangs at its first instructions. So: only after a kernel ran.

import { spawn } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject } from '@bessemer/protocol/json';
import type { Clock } from '../clock.ts';
import { LabFailure } from '../lab-failure.ts';

export type Acceleration = 'tcg' | 'kvm';

const PROBE_MS_MAX = 30_000;
const OUTPUT_CHARACTERS_MAX = 1024 ** 2;
/** Printed by every Linux that came as far as looking for a root file system. */
const PROOF = /Run \/init as init process|Kernel panic - not syncing|VFS: Unable to mount root/;

type Probe = { readonly bootId: string; readonly works: boolean; readonly reason: string };

export const chooseAcceleration = async (
  wish: Acceleration | 'auto',
  cacheDirectory: string,
  clock: Clock,
): Promise<Acceleration> => {
  if (wish === 'tcg') return 'tcg';
  const probe = await probeKvm(cacheDirectory, clock);
  if (probe.works) return 'kvm';
  if (wish === 'auto') return 'tcg';
  throw new LabFailure(`--accel kvm cannot be used on this host: ${probe.reason}`);
};

/** Remembered until the host boots again. */
const probeKvm = async (cacheDirectory: string, clock: Clock): Promise<Probe> => {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const path = join(cacheDirectory, 'lab-kvm-probe.json');
  const known = await readProbe(path);
  if (known !== undefined && known.bootId === bootId) return known;
  const probe = { bootId, ...(await runProbe(cacheDirectory, clock)) };
  await mkdir(cacheDirectory, { recursive: true });
  await writeFile(path, `${JSON.stringify(probe)}\n`);
  return probe;
};

const readProbe = async (path: string): Promise<Probe | undefined> => {
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'));
    // Only probeKvm writes this file; one of another version has no boot id that fits.
    return isJsonObject(content) ? (content as unknown as Probe) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error))
      return undefined;
    throw error;
  }
};

const isThere = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
};

const runProbe = async (
  cacheDirectory: string,
  clock: Clock,
): Promise<{ works: boolean; reason: string }> => {
  if (!(await isThere('/dev/kvm'))) return { works: false, reason: 'there is no /dev/kvm' };
  const iso = join(cacheDirectory, 'ramdisk', 'deploy.iso');
  if (!(await isThere(iso))) {
    throw new LabFailure('the ramdisk is not built yet: run `./bessemer ramdisk build` first');
  }
  return (await bootUnderKvm(iso, clock))
    ? { works: true, reason: 'a guest kernel ran' }
    : { works: false, reason: `no guest kernel came up in ${PROBE_MS_MAX / 1000} s` };
};

const bootUnderKvm = (iso: string, clock: Clock): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(
      'qemu-system-x86_64',
      [
        '-nodefaults',
        '-no-reboot',
        '-machine',
        'q35',
        '-accel',
        'kvm',
        '-cpu',
        'host',
        '-m',
        '1024',
        '-display',
        'none',
        '-monitor',
        'none',
        '-serial',
        'stdio',
        '-drive',
        `if=none,id=cd0,media=cdrom,readonly=on,format=raw,file=${iso}`,
        '-device',
        'ide-cd,drive=cd0',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    let output = '';
    let hasRun = false;
    const cancel = clock.after(PROBE_MS_MAX, () => child.kill('SIGKILL'));
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_CHARACTERS_MAX);
      if (!PROOF.test(output)) return;
      hasRun = true;
      child.kill('SIGKILL');
    });
    child.once('error', () => {
      cancel();
      resolve(false);
    });
    child.once('exit', () => {
      cancel();
      resolve(hasRun);
    });
  });
