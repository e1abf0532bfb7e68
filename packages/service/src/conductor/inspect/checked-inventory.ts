// An inventory comes from a machine that nobody vouches for: sizes, counts, types and characters are checked
// before anything of it is kept.

import type { Inventory } from '@bessemer/protocol/agent/inventory';
import { inventoryProblem } from '@bessemer/protocol/agent/inventory-rules';
import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';

const MAC_PATTERN = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
const refuse = (what: string): Failure =>
  new Failure('inspect.invalid', `The inventory was refused: ${what}. Nothing was stored.`);

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

export const checkedInventory = (value: JsonValue): Inventory => {
  const problem = inventoryProblem(value);
  if (problem !== undefined || !isJsonObject(value)) throw refuse(problem ?? 'it is not an object');
  const { interfaces, disks, cpu, memory, boot } = value;
  if (!Array.isArray(interfaces) || interfaces.length === 0)
    throw refuse('it names no network interface');
  for (const card of interfaces) {
    const mac = isJsonObject(card) ? card['mac_address'] : undefined;
    if (typeof mac !== 'string' || !MAC_PATTERN.test(mac))
      throw refuse('an interface has no proper MAC');
  }
  if (!Array.isArray(disks)) throw refuse('its disks are not a proper list');
  for (const disk of disks) {
    if (!isJsonObject(disk) || !isCount(disk['size'])) throw refuse('a disk has no proper size');
  }
  if (!isJsonObject(cpu) || !isCount(cpu['count']) || typeof cpu['architecture'] !== 'string') {
    throw refuse('its cpu is not described properly');
  }
  if (!isJsonObject(memory) || !isCount(memory['physical_mb']))
    throw refuse('its memory is not described properly');
  const mode = isJsonObject(boot) ? boot['current_boot_mode'] : undefined;
  if (mode !== 'uefi' && mode !== 'bios') throw refuse('its boot mode is neither uefi nor bios');
  return value as unknown as Inventory;
};
