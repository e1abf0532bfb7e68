// Values that clients write into resources that have a field table: POST bodies and patches, checked and brought into
// the record's form.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { applyPatch, type PatchOperation } from '@bessemer/protocol/node/patch';
import {
  fieldNames,
  fieldOf,
  fieldSince,
  isFieldOf,
  patchableFields,
  type ResourceTable,
} from '@bessemer/protocol/resource/fields';
import { isUuid } from '@bessemer/protocol/uuid';

import { notAcceptable } from '../error-envelope.ts';
import { asFlag, shown, shownKind } from '../query.ts';

export type Values = { readonly [property: string]: JsonValue };

/** Checks a `special` value. Throws Refusal(400) or (406). */
export type ReadSpecial = (name: string, value: JsonValue, minor: number) => JsonValue;

type Reading<Name extends string> = {
  readonly table: ResourceTable<Name>;
  readonly minor: number;
  readonly readSpecial?: ReadSpecial;
};

/** What a POST body says, under the names of the record. Null stands for nothing said. */
export const readNew = <Name extends string>(reading: Reading<Name>, body: JsonObject): Values => {
  const { table, minor } = reading;
  const values: { [property: string]: JsonValue } = {};
  for (const [name, value] of Object.entries(body)) {
    if (!isFieldOf(table, name) || fieldOf(table, name).write === 'none') {
      throw schemaError(
        table,
        `Additional properties are not allowed ('${shown(name)}' was unexpected)`,
      );
    }
    if (fieldSince(table, name) > minor) throw notAcceptable();
    const { property = '' } = fieldOf(table, name);
    if (value !== null) values[property] = readValue(reading, name, value);
  }
  for (const name of fieldNames(table)) {
    const { isRequired, property = '' } = fieldOf(table, name);
    if (isRequired === true && values[property] === undefined) {
      throw schemaError(table, `'${name}' is a required property`);
    }
  }
  return values;
};

/** Refuses operations on what cannot be patched (400) or is newer than the version (406). */
export const refuseUnpatchable = <Name extends string>(
  table: ResourceTable<Name>,
  operations: readonly PatchOperation[],
  minor: number,
): void => {
  const patchable = patchableFields(table);
  for (const { op, path } of operations) {
    const root = patchable.find((name) => name === path[0]);
    if (root === undefined) {
      const all = patchable.map((name) => `/${name}`).sort();
      throw new Refusal(
        400,
        `Cannot patch /${path[0]}. Only the following can be updated: ${all.join(', ')}`,
      );
    }
    if (op !== 'remove' && fieldSince(table, root) > minor) throw notAcceptable();
  }
};

/** What of `record` the operations change, under the names of the record. */
export const readPatched = <Name extends string>(
  reading: Reading<Name>,
  record: object,
  operations: readonly PatchOperation[],
): Values => {
  const { table } = reading;
  const before = record as { readonly [property: string]: JsonValue };
  const document: JsonObject = {};
  for (const name of patchableFields(table)) {
    document[name] = before[fieldOf(table, name).property ?? ''] ?? null;
  }
  const patched = applyPatch(document, operations);
  const changes: { [property: string]: JsonValue } = {};
  for (const name of patchableFields(table)) {
    const { property = '', absent, isRequired } = fieldOf(table, name);
    const wanted = patched[name] ?? null;
    if (wanted === null && isRequired === true) {
      throw new Refusal(400, `Schema error for patch: '${name}' is a required property`);
    }
    if (isSame(wanted, before[property])) continue;
    const checked = wanted === null ? absent : readValue(reading, name, wanted);
    if (!isSame(checked, before[property])) changes[property] = checked;
  }
  return changes;
};

const isSame = (a: JsonValue | undefined, b: JsonValue | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const MAC_PATTERN = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const NAME_PATTERN = /^[A-Za-z0-9._~-]{1,255}$/;

export const isLogicalName = (text: string): boolean => NAME_PATTERN.test(text) && !isUuid(text);

export const asMac = (name: string, value: JsonValue): string => {
  const text = typeof value === 'string' ? value.toLowerCase().replaceAll('-', ':') : '';
  if (MAC_PATTERN.test(text)) return text;
  throw new Refusal(400, `Expected a MAC address for ${name} but received ${shown(value)}.`);
};

export const schemaError = (table: Pick<ResourceTable, 'noun'>, text: string): Refusal =>
  new Refusal(400, `Schema error for ${table.noun}: ${text}`);

const readValue = <Name extends string>(
  { table, minor, readSpecial }: Reading<Name>,
  name: Name,
  value: JsonValue,
): JsonValue => {
  const { kind } = fieldOf(table, name);
  if (kind === 'mac') return asMac(name, value);
  if (kind === 'flag') return asFlag(name, value) ?? false;
  if (kind === 'special' && readSpecial !== undefined) return readSpecial(name, value, minor);
  if (kind === 'object') {
    if (isJsonObject(value)) return value;
    throw schemaError(table, `${name}: ${shownKind(value)} is not of type 'object'`);
  }
  if (kind === 'count') return asCount(table, name, value);
  if (typeof value !== 'string') {
    throw schemaError(table, `${name}: ${shown(value)} is not of type 'string'`);
  }
  if (kind === 'uuid') {
    if (isUuid(value)) return value.toLowerCase();
    throw new Refusal(400, `Expected UUID for ${name}: ${shown(value)}`);
  }
  refuseText(table, name, value);
  return value;
};

/** What every engine and client can count to. */
const COUNT_MAX = 2_147_483_647;

const asCount = (table: Pick<ResourceTable, 'noun'>, name: string, value: JsonValue): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= COUNT_MAX) {
    return value;
  }
  throw schemaError(table, `${name}: ${shown(value)} is not an integer from 0 to ${COUNT_MAX}`);
};

const refuseText = <Name extends string>(
  table: ResourceTable<Name>,
  name: Name,
  value: string,
): void => {
  const { kind, charsMin = 0, charsMax, oneOf } = fieldOf(table, name);
  if (kind === 'name' && !isLogicalName(value)) {
    throw schemaError(
      table,
      `${name}: '${shown(value)}' is not a name: 1 to 255 letters, digits and -._~, and no UUID`,
    );
  }
  if (oneOf !== undefined && !oneOf.includes(value)) {
    throw schemaError(table, `${name}: '${shown(value)}' is not one of ${oneOf.join(', ')}`);
  }
  // PostgreSQL cannot keep it, and nobody means it.
  if (value.includes('\0')) throw schemaError(table, `${name}: has a NUL character`);
  if (charsMax !== undefined && value.length > charsMax) {
    throw schemaError(table, `${name}: '${shown(value)}' is longer than ${charsMax} characters`);
  }
  if (value.length < charsMin) {
    throw schemaError(table, `${name}: '${shown(value)}' is too short`);
  }
};
