// An image onto the disk that the hints choose: written, checked, read back, its partition table fitted to the
// disk, the config drive beside it. Whatever fails after the first byte leaves no disk that could boot.

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { InventoryDisk } from '@bessemer/protocol/agent/inventory';
import { chooseRootDisk, InvalidHint } from '@bessemer/protocol/node/root-device-hints';
import { type AgentContext, type Report, rootDeviceHints } from '../agent-context.ts';
import { CommandFailure } from '../command-failure.ts';
import { requirePermit } from '../may-write-disks.ts';
import { readConfigDrive, writeConfigDrive } from './config-drive.ts';
import { type DiskWriter, makeDiskWriter } from './disk-writer.ts';
import { type DirectFile, openDirect } from './direct-file.ts';
import { openDownload, StartOver } from './download.ts';
import type { ImageInfo } from './image-info.ts';
import type { ImageServerOptions } from './image-server.ts';
import { fitPartitionTable, readDiskIdentifier } from './partition-table.ts';
import { makeRetryBudget } from './retry-budget.ts';
import { writeQcow2 } from './write-qcow2.ts';
import { writeStream } from './write-stream.ts';

export type PrepareImage = {
  readonly imageInfo: ImageInfo;
  /** http(s) address, or base64 of a gzip'd ISO. */
  readonly configDrive: string | null;
  readonly report: Report;
};

export type PreparedText = { readonly text: string; readonly readBack: ReadBack | null };

export type ReadBack = { readonly samples: number; readonly bytes: number };

/** A wrong checksum may be a broken transfer once; twice it is a wrong image. */
const CHECKSUM_ATTEMPTS = 2;
/** Both ends of a disk hold what firmware boots from. */
const SCRUB_BYTES = 1024 * 1024;

export const prepareImage = async (
  context: AgentContext,
  { imageInfo, configDrive, report }: PrepareImage,
): Promise<PreparedText> => {
  const permit = requirePermit(context.permit);
  const { hardware, state, log } = context;
  const disk = await findRootDisk(context);
  const digest = `${imageInfo.digest.algorithm}:${imageInfo.digest.value}`;
  // Read before the disk is touched: a config drive that is too large must not cost the old content.
  const drive =
    configDrive === null ? null : await readConfigDrive(serverOptions(context, null), configDrive);
  let readBack: ReadBack | null = null;
  const isWritten = state.image?.id === imageInfo.id && state.image.digest === digest;
  const file = await hardware.openForWriting(disk, permit);
  try {
    if (!isWritten || state.image?.diskName !== disk.name) {
      state.image = null;
      const skipsZeros = await hardware.zeroQuickly(disk, permit);
      log.say(`writes image ${imageInfo.id} to ${disk.name}`);
      const direct = await openDirect(file);
      try {
        const target = { disk, file, direct, skipsZeros, report };
        readBack = await writeChecked(context, imageInfo, target);
        await direct.close();
        await fitPartitionTable(file, disk);
      } catch (error) {
        await direct.close();
        await scrub(file, disk);
        throw error;
      }
      await hardware.rereadPartitions(disk);
    }
    const configDrivePartition =
      drive === null
        ? null
        : hardware.partitionName(disk, await writeConfigDrive(file, disk, drive));
    await file.sync();
    const diskIdentifier = await readDiskIdentifier(file, disk);
    state.image = {
      id: imageInfo.id,
      digest,
      diskName: disk.name,
      diskIdentifier,
      configDrivePartition,
    };
  } finally {
    await file.close();
  }
  await hardware.rereadPartitions(disk);
  const root = state.image?.diskIdentifier ?? 'None';
  return {
    text: `image (${imageInfo.id}) written to device ${disk.name} root_uuid=${root}`,
    readBack,
  };
};

export const findRootDisk = async ({
  hardware,
  state,
  configuration,
  clock,
}: AgentContext): Promise<InventoryDisk> => {
  const hints = rootDeviceHints(state.node);
  for (let attempt = 1; ; attempt += 1) {
    const disks = await hardware.disks();
    const found = chosen(disks);
    if (found !== undefined) return found;
    // Disks that are there but do not match will not match later either.
    if (disks.length > 0 || attempt >= configuration.diskWaitAttempts) {
      const seen = disks.map(({ name, size }) => `${name} (${size} bytes)`).join(', ');
      const what =
        hints === null
          ? `no disk of at least ${hardware.rootDiskBytesMin} bytes`
          : `no disk matches the root device hints ${JSON.stringify(hints)}`;
      throw new CommandFailure('DeviceNotFound', `${what}; disks: ${seen || 'none'}`, {
        failureCode: 'disk.no-match',
      });
    }
    await clock.sleep(configuration.diskWaitDelayMs);
  }

  function chosen(disks: readonly InventoryDisk[]): InventoryDisk | undefined {
    try {
      return chooseRootDisk(disks, hints, hardware.rootDiskBytesMin);
    } catch (error) {
      if (!(error instanceof InvalidHint)) throw error;
      throw new CommandFailure('DeviceNotFound', error.message, { failureCode: 'disk.no-match' });
    }
  }
};

export const serverOptions = (
  { configuration }: AgentContext,
  authorization: string | null,
): ImageServerOptions => ({
  authorization,
  authorityPem: configuration.authorityPem,
  connectTimeoutMs: configuration.downloadConnectTimeoutMs,
});

type Target = {
  readonly disk: InventoryDisk;
  readonly file: FileHandle;
  readonly direct: DirectFile;
  readonly skipsZeros: boolean;
  readonly report: Report;
};

const writeChecked = async (
  context: AgentContext,
  info: ImageInfo,
  target: Target,
): Promise<ReadBack> => {
  const { configuration, clock, log } = context;
  const budget = makeRetryBudget(clock, {
    retries: configuration.downloadRetries,
    intervalMs: configuration.downloadRetryIntervalMs,
  });
  const options = serverOptions(context, info.authorization);
  let checksumAttempts = 0;
  let skipsZeros = target.skipsZeros;
  for (;;) {
    const isZeroed = skipsZeros;
    const writer = makeDiskWriter(target, target.disk.size, isZeroed);
    // A second pass writes over the first: zeros must be written then.
    skipsZeros = false;
    try {
      const download = await openDownload(options, info.urls, budget);
      const found =
        info.format === 'qcow2'
          ? await writeQcow2(context, info, {
              server: options,
              download,
              writer,
              budget,
              diskBytes: target.disk.size,
              writesZeros: !isZeroed,
              report: target.report,
            })
          : await writeStream(context, download, writer, info, {
              diskBytes: target.disk.size,
              report: target.report,
            });
      if (found.digest === info.digest.value) return await readBack(context, target, writer);
      checksumAttempts += 1;
      const text = `image ${info.id} has ${info.digest.algorithm} ${found.digest}, not ${info.digest.value}`;
      log.say(text);
      if (checksumAttempts >= CHECKSUM_ATTEMPTS) {
        throw new CommandFailure('ImageChecksumError', text, {
          failureCode: 'image.checksum-mismatch',
        });
      }
      await budget.spend(text, null);
    } catch (error) {
      if (!(error instanceof StartOver)) throw asWriteError(error);
      log.say(error.message);
      await budget.spend(error.message, error.endedAtByte);
    }
  }
};

const asWriteError = (error: unknown): unknown => {
  if (error instanceof CommandFailure || !(error instanceof Error) || !('code' in error)) {
    return error;
  }
  return new CommandFailure('ImageWriteError', error.message, {
    failureCode: 'image.write',
    cause: error,
  });
};

/** What the disk holds now, at places all over the image, against what was sent to it. */
const readBack = async (
  { hardware }: AgentContext,
  { disk, file, report }: Target,
  writer: DiskWriter,
): Promise<ReadBack> => {
  await file.sync();
  await hardware.rereadPartitions(disk);
  const samples = writer.samples();
  const buffer = Buffer.alloc(Math.max(1, ...samples.map(({ length }) => length)));
  let bytes = 0;
  for (const { offset, length, digest } of samples) {
    const { bytesRead } = await file.read(buffer, 0, length, offset);
    const found = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
    if (found !== digest) {
      throw new CommandFailure(
        'ImageWriteError',
        `${disk.name} does not hold at byte ${offset} what was written there`,
        { failureCode: 'image.write' },
      );
    }
    bytes += bytesRead;
  }
  report({
    phase: 'verified',
    doneBytes: bytes,
    totalBytes: bytes,
    bytesPerSecond: null,
    etaSeconds: 0,
  });
  return { samples: samples.length, bytes };
};

const scrub = async (file: FileHandle, disk: InventoryDisk): Promise<void> => {
  const zeros = Buffer.alloc(Math.min(SCRUB_BYTES, disk.size));
  await file.write(zeros, 0, zeros.length, 0);
  await file.write(zeros, 0, zeros.length, disk.size - zeros.length);
  await file.sync();
};
