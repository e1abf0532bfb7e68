// Root device hints: which disk of a machine the image goes to. Pure; the same rules in service and agent.
//
// A hint is a value with an optional operator. Text is compared trimmed and in lower case; `size` is in GiB and
// is compared with the fraction that the disk really has, so `447` never equals a disk of 447.13 GiB. All hints
// must match. Values may be lists where a disk has several names (wwn, serial): any match counts.

import type { JsonObject, JsonValue } from '../json.ts';

export const ROOT_DEVICE_HINTS = [
  'size',
  'model',
  'wwn',
  'serial',
  'vendor',
  'wwn_with_extension',
  'wwn_vendor_extension',
  'name',
  'rotational',
  'hctl',
  'by_path',
  'tran',
] as const;

export type RootDeviceHint = (typeof ROOT_DEVICE_HINTS)[number];

/** What a hint is compared with; the agent's inventory has this shape. */
export type HintedDisk = {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly rotational: boolean;
} & {
  readonly [hint in Exclude<RootDeviceHint, 'name' | 'size' | 'rotational'>]?:
    | string
    | readonly string[]
    | null;
};

export class InvalidHint extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'InvalidHint';
  }
}

const NUMBER_OPERATORS = ['==', '!=', '>=', '<=', '=', '<', '>'] as const;
const TEXT_OPERATORS = ['s==', 's!=', 's>=', 's>', 's<=', 's<'] as const;
const IN_OPERATOR = '<in>';
const OR_OPERATOR = '<or>';
/** Longer is no hint but an attack on the comparison. */
const HINT_CHARS_MAX = 1024;
const BYTES_PER_GIB = 1024 ** 3;
/** Without hints stock agents refuse smaller disks. */
export const ROOT_DISK_BYTES_MIN = 4 * BYTES_PER_GIB;

export type Condition =
  | { readonly kind: 'number'; readonly operator: string; readonly wanted: number }
  | { readonly kind: 'text'; readonly operator: string; readonly wanted: string }
  | { readonly kind: 'in'; readonly wanted: readonly string[] }
  | { readonly kind: 'or'; readonly wanted: readonly string[] }
  | { readonly kind: 'boolean'; readonly wanted: boolean };

export type ParsedHints = readonly { readonly hint: RootDeviceHint; readonly is: Condition }[];

/** Throws `InvalidHint` with a text that names the hint and what would be right. */
export const parseRootDeviceHints = (hints: JsonObject): ParsedHints =>
  Object.entries(hints).map(([name, value]) => {
    const hint = ROOT_DEVICE_HINTS.find((known) => known === name);
    if (hint === undefined) {
      throw new InvalidHint(
        `Root device hint "${name}" does not exist; known hints: ${ROOT_DEVICE_HINTS.join(', ')}`,
      );
    }
    return { hint, is: conditionOf(hint, value) };
  });

const conditionOf = (hint: RootDeviceHint, value: JsonValue): Condition => {
  if (hint === 'rotational') return { kind: 'boolean', wanted: booleanOf(value) };
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new InvalidHint(`Root device hint "${hint}" must be a text or a number`);
  }
  const text = clean(String(value));
  if (text === '') throw new InvalidHint(`Root device hint "${hint}" is empty`);
  if (text.length > HINT_CHARS_MAX) {
    throw new InvalidHint(`Root device hint "${hint}" is over ${HINT_CHARS_MAX} characters`);
  }
  return hint === 'size' ? sizeCondition(text) : textCondition(hint, text);
};

const booleanOf = (value: JsonValue): boolean => {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? clean(value) : '';
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw new InvalidHint('Root device hint "rotational" must be true or false');
};

const sizeCondition = (text: string): Condition => {
  if (text.startsWith(OR_OPERATOR)) {
    return { kind: 'or', wanted: alternatives('size', text).map((part) => String(gib(part))) };
  }
  const operator = NUMBER_OPERATORS.find((known) => text.startsWith(known));
  if (operator === undefined) return { kind: 'number', operator: '==', wanted: gib(text) };
  // A single `=` has meant "at least" since the first version of these hints.
  return {
    kind: 'number',
    operator: operator === '=' ? '>=' : operator,
    wanted: gib(text.slice(operator.length).trim()),
  };
};

const gib = (text: string): number => {
  if (!/^[0-9]{1,12}$/.test(text) || Number(text) <= 0) {
    throw new InvalidHint('Root device hint "size" must be a whole number of GiB above 0');
  }
  return Number(text);
};

const textCondition = (hint: string, text: string): Condition => {
  if (text.startsWith(OR_OPERATOR)) return { kind: 'or', wanted: alternatives(hint, text) };
  if (text.startsWith(IN_OPERATOR)) {
    const wanted = text
      .split(IN_OPERATOR)
      .map((part) => part.trim())
      .filter((part) => part !== '');
    if (wanted.length === 0) throw new InvalidHint(`Root device hint "${hint}" is empty`);
    return { kind: 'in', wanted };
  }
  const operator = TEXT_OPERATORS.find((known) => `${text} `.startsWith(`${known} `));
  if (operator === undefined) return { kind: 'text', operator: 's==', wanted: text };
  const wanted = text.slice(operator.length).trim();
  if (wanted === '') throw new InvalidHint(`Root device hint "${hint}" is empty`);
  return { kind: 'text', operator, wanted };
};

const alternatives = (hint: string, text: string): string[] => {
  const wanted = text
    .split(OR_OPERATOR)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (wanted.length === 0) throw new InvalidHint(`Root device hint "${hint}" is empty`);
  return wanted;
};

const clean = (text: string): string => text.trim().toLowerCase();

export const matchesHints = (disk: HintedDisk, hints: ParsedHints): boolean =>
  hints.every(({ hint, is }) => matches(disk, hint, is));

const matches = (disk: HintedDisk, hint: RootDeviceHint, is: Condition): boolean => {
  if (is.kind === 'boolean') return disk.rotational === is.wanted;
  if (hint === 'size') return sizeMatches(disk.size / BYTES_PER_GIB, is);
  const actual = disk[hint];
  if (actual === null || actual === undefined || typeof actual === 'boolean') return false;
  const names = typeof actual === 'object' ? actual : [actual];
  return names.some((name) => textMatches(clean(name), is));
};

const sizeMatches = (actualGib: number, is: Condition): boolean => {
  if (is.kind === 'or') return is.wanted.some((wanted) => Number(wanted) === actualGib);
  if (is.kind !== 'number') return false;
  switch (is.operator) {
    case '==':
      return actualGib === is.wanted;
    case '!=':
      return actualGib !== is.wanted;
    case '>=':
      return actualGib >= is.wanted;
    case '<=':
      return actualGib <= is.wanted;
    case '<':
      return actualGib < is.wanted;
    default:
      return actualGib > is.wanted;
  }
};

const textMatches = (actual: string, is: Condition): boolean => {
  if (is.kind === 'or') return is.wanted.includes(actual);
  if (is.kind === 'in') return is.wanted.every((part) => actual.includes(part));
  if (is.kind !== 'text') return false;
  switch (is.operator) {
    case 's==':
      return actual === is.wanted;
    case 's!=':
      return actual !== is.wanted;
    case 's>=':
      return actual >= is.wanted;
    case 's>':
      return actual > is.wanted;
    case 's<=':
      return actual <= is.wanted;
    default:
      return actual < is.wanted;
  }
};

/**
 * The disk for the image: the first that matches all hints in the given order; without hints the smallest of
 * at least `bytesMin` bytes, ties by name. Undefined when there is none.
 */
export const chooseRootDisk = <D extends HintedDisk>(
  disks: readonly D[],
  hints: JsonObject | null,
  bytesMin: number = ROOT_DISK_BYTES_MIN,
): D | undefined => {
  if (hints !== null && Object.keys(hints).length > 0) {
    const parsed = parseRootDeviceHints(hints);
    return disks.find((disk) => matchesHints(disk, parsed));
  }
  return disks
    .filter((disk) => disk.size >= bytesMin)
    .sort((a, b) => a.size - b.size || (a.name < b.name ? -1 : 1))[0];
};
