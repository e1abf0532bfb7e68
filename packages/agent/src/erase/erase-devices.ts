// The clean steps `erase_devices` and `erase_devices_metadata`: every disk of the machine.

import type { InventoryDisk } from '@bessemer/protocol/agent/inventory';
import type { DiskErasure } from '@bessemer/protocol/agent/step';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { matchesHints, parseRootDeviceHints } from '@bessemer/protocol/node/root-device-hints';
import type { AgentContext, Report } from '../agent-context.ts';
import { CommandFailure } from '../command-failure.ts';
import { type DiskWritePermit, requirePermit } from '../may-write-disks.ts';
import { eraseDisk } from './erase-disk.ts';

/** Tables, superblocks and RAID labels at both ends lie within this. */
const METADATA_BYTES = 4 * 1024 * 1024;

export const eraseDevices = async (
  context: AgentContext,
  node: JsonObject,
  report: Report,
): Promise<JsonValue> => {
  const permit = requirePermit(context.permit);
  const devices: DiskErasure[] = [];
  for (const disk of await disksToErase(context, node)) {
    devices.push(await eraseDisk(context, disk, permit, report));
  }
  const kept = devices.filter(({ method }) => method === null);
  if (kept.length > 0) {
    throw new CommandFailure(
      'BlockDeviceEraseError',
      kept.map(({ summary }) => summary).join(' '),
      {
        failureCode: 'disk.erase',
      },
    );
  }
  return { devices } as unknown as JsonValue;
};

export const eraseDevicesMetadata = async (
  context: AgentContext,
  node: JsonObject,
): Promise<JsonValue> => {
  const permit = requirePermit(context.permit);
  const names: string[] = [];
  for (const disk of await disksToErase(context, node)) {
    await wipeMetadata(context, disk, permit);
    names.push(disk.name);
  }
  return { devices: names };
};

/** `properties.skip_block_devices`: disks that the operator wants left alone, named by hints. */
const disksToErase = async (
  { hardware, log }: AgentContext,
  node: JsonObject,
): Promise<readonly InventoryDisk[]> => {
  const properties = isJsonObject(node['properties']) ? node['properties'] : {};
  const skipped = Array.isArray(properties['skip_block_devices'])
    ? properties['skip_block_devices'].filter(isJsonObject).map(parseRootDeviceHints)
    : [];
  const disks = await hardware.disks();
  return disks.filter((disk) => {
    const isKept = skipped.some((hints) => hints.length > 0 && matchesHints(disk, hints));
    if (isKept) log.say(`${disk.name} is left alone as skip_block_devices says`);
    return !isKept;
  });
};

const wipeMetadata = async (
  { hardware, log }: AgentContext,
  disk: InventoryDisk,
  permit: DiskWritePermit,
): Promise<void> => {
  const file = await hardware.openForWriting(disk, permit);
  try {
    const zeros = Buffer.alloc(Math.min(METADATA_BYTES, disk.size));
    await file.write(zeros, 0, zeros.length, 0);
    await file.write(zeros, 0, zeros.length, disk.size - zeros.length);
    await file.sync();
    const found = Buffer.alloc(zeros.length);
    for (const offset of [0, disk.size - zeros.length]) {
      await file.read(found, 0, found.length, offset);
      if (found.equals(zeros)) continue;
      throw new CommandFailure(
        'BlockDeviceEraseError',
        `${disk.name} still holds data at byte ${offset} after it was overwritten`,
        { failureCode: 'disk.erase' },
      );
    }
  } finally {
    await file.close();
  }
  await hardware.rereadPartitions(disk);
  log.say(`${disk.name}: partition tables and headers are wiped`);
};
