// What an inventory may hold at all, whoever sends it and however: bounded texts without control characters, bounded
// depth, bounded numbers of things, and no key that means something to the language that reads it.

import { isJsonObject, type JsonValue } from '../json.ts';

export const INVENTORY_INTERFACES_MAX = 64;
export const INVENTORY_DISKS_MAX = 1_024;
const TEXT_CHARS_MAX = 4_096;
const DEPTH_MAX = 25;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

const hasControlCharacter = (text: string): boolean => {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 && code !== 0x0a && code !== 0x09) return true;
  }
  return false;
};

const problemIn = (value: JsonValue, depth: number): string | undefined => {
  if (depth > DEPTH_MAX) return `it is nested deeper than ${DEPTH_MAX} levels`;
  if (typeof value === 'string') {
    if (value.length > TEXT_CHARS_MAX) return `a text is longer than ${TEXT_CHARS_MAX} characters`;
    return hasControlCharacter(value) ? 'a text holds control characters' : undefined;
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : 'a number has no end';
  }
  if (Array.isArray(value)) return firstProblem(value, depth);
  if (!isJsonObject(value)) return undefined;
  const bad = Object.keys(value).find((key) => FORBIDDEN_KEYS.has(key));
  if (bad !== undefined) return `a key is called ${bad}`;
  return firstProblem(Object.keys(value), depth) ?? firstProblem(Object.values(value), depth);
};

const firstProblem = (values: readonly JsonValue[], depth: number): string | undefined => {
  for (const each of values) {
    const problem = problemIn(each, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

const hasNegativeSize = (disk: JsonValue): boolean =>
  isJsonObject(disk) && typeof disk['size'] === 'number' && disk['size'] < 0;

/** Undefined: nothing is wrong as far as these rules go. Never repeats a value of the inventory. */
export const inventoryProblem = (inventory: JsonValue): string | undefined => {
  if (!isJsonObject(inventory)) return 'it is not an object';
  const { interfaces, disks } = inventory;
  if (Array.isArray(interfaces) && interfaces.length > INVENTORY_INTERFACES_MAX) {
    return `it names more than ${INVENTORY_INTERFACES_MAX} interfaces`;
  }
  if (Array.isArray(disks) && disks.length > INVENTORY_DISKS_MAX) {
    return `it names more than ${INVENTORY_DISKS_MAX} disks`;
  }
  if (Array.isArray(disks) && disks.some(hasNegativeSize)) return 'a disk has no proper size';
  return problemIn(inventory, 0);
};
