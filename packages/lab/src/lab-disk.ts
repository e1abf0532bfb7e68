// Disks of lab machines: files on the host.

import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { runProgram } from './host/run-program.ts';
import { LabFailure } from './lab-failure.ts';

export type DiskBus = 'virtio' | 'nvme' | 'sata';
export type DiskFormat = 'raw' | 'qcow2';

export type DiskSpec = {
  readonly bus: DiskBus;
  readonly format: DiskFormat;
  readonly sizeBytes: number;
  readonly path: string;
  readonly serial: string;
};

const DISK_PATTERN = /^(virtio|nvme|sata):(\d+)([MG])(?::(raw|qcow2))?$/;
const UNIT_BYTES: { readonly [unit: string]: number } = { M: 1024 ** 2, G: 1024 ** 3 };
const SIZE_BYTES_MAX = 1024 ** 4;

export type DiskWish = Pick<DiskSpec, 'bus' | 'format' | 'sizeBytes'>;

/** `virtio:6G`, `nvme:512M`, `sata:8G:qcow2`. */
export const parseDisk = (text: string): DiskWish => {
  const found = DISK_PATTERN.exec(text);
  const [, bus, amount, unit, format] = found ?? [];
  const sizeBytes = Number(amount) * (UNIT_BYTES[unit ?? ''] ?? Number.NaN);
  if (bus !== 'virtio' && bus !== 'nvme' && bus !== 'sata') {
    throw new LabFailure(`--disk ${text}: write BUS:SIZE, as in virtio:6G, nvme:512M or sata:8G`);
  }
  if (sizeBytes === 0 || sizeBytes > SIZE_BYTES_MAX) {
    throw new LabFailure(`--disk ${text}: the size must be between 1M and 1024G`);
  }
  return { bus, sizeBytes, format: format === 'qcow2' ? 'qcow2' : 'raw' };
};

/** Stable for a machine and a place, so that a lab that is started again has the same disks. */
export const diskSerial = (machineUuid: string, index: number): string =>
  `LAB${createHash('sha256').update(`${machineUuid}/${index}`).digest('hex').slice(0, 12).toUpperCase()}`;

/** Makes the file, empty and sparse, unless it is there. */
export const makeDiskFile = async (disk: DiskSpec): Promise<void> => {
  const existing = await stat(disk.path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (existing !== undefined) return;
  if (disk.format === 'qcow2') {
    await runProgram('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      disk.path,
      String(disk.sizeBytes),
    ]);
    return;
  }
  const file = await open(disk.path, 'wx', 0o600);
  try {
    await file.truncate(disk.sizeBytes);
  } finally {
    await file.close();
  }
};
