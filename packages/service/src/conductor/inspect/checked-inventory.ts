// An inventory comes from a machine that nobody vouches for: sizes, counts, types and characters are checked
// before anything of it is kept.

import type { Inventory } from '@bessemer/protocol/agent/inventory';
import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';

const INTERFACES_MAX = 64;
const DISKS_MAX = 1_024;
const TEXT_CHARS_MAX = 4_096;
const DEPTH_MAX = 25;
const MAC_PATTERN = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

const refuse = (what: string): Failure =>
  new Failure('inspect.invalid', `The inventory was refused: ${what}. Nothing was stored.`);

const hasControlCharacter = (text: string): boolean => {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 && code !== 0x0a && code !== 0x09) return true;
  }
  return false;
};

const walk = (value: JsonValue, depth: number): void => {
  if (depth > DEPTH_MAX) throw refuse(`it is nested deeper than ${DEPTH_MAX} levels`);
  if (typeof value === 'string') {
    if (value.length > TEXT_CHARS_MAX)
      throw refuse(`a text is longer than ${TEXT_CHARS_MAX} characters`);
    if (hasControlCharacter(value)) throw refuse('a text holds control characters');
  } else if (Array.isArray(value)) {
    for (const each of value) walk(each, depth + 1);
  } else if (isJsonObject(value)) {
    for (const [key, each] of Object.entries(value)) {
      if (FORBIDDEN_KEYS.has(key)) throw refuse(`a key is called ${key}`);
      walk(key, depth + 1);
      walk(each, depth + 1);
    }
  }
};

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

export const checkedInventory = (value: JsonValue): Inventory => {
  if (!isJsonObject(value)) throw refuse('it is not an object');
  walk(value, 0);
  const { interfaces, disks, cpu, memory, boot } = value;
  if (!Array.isArray(interfaces) || interfaces.length === 0)
    throw refuse('it names no network interface');
  if (interfaces.length > INTERFACES_MAX)
    throw refuse(`it names more than ${INTERFACES_MAX} interfaces`);
  for (const card of interfaces) {
    const mac = isJsonObject(card) ? card['mac_address'] : undefined;
    if (typeof mac !== 'string' || !MAC_PATTERN.test(mac))
      throw refuse('an interface has no proper MAC');
  }
  if (!Array.isArray(disks) || disks.length > DISKS_MAX)
    throw refuse('its disks are not a proper list');
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
