// JSON patch as the API has it: add, replace and remove on one object, applied in order, all or nothing. Works
// on a copy and knows nothing about nodes; ports are patched by the same code.

import { Refusal } from '../errors/refusal.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';

export type PatchOperation = {
  readonly op: 'add' | 'replace' | 'remove';
  /** Unescaped segments of the path; at least one. */
  readonly path: readonly string[];
  readonly value: JsonValue;
};

/** More than any client sends for one object; keeps one request from holding the process. */
const OPERATIONS_MAX = 1_000;
const PATH_PATTERN = /^(?:\/[\w-]+)+$/;
/** Segments that would reach into JavaScript's own objects (threat: prototype pollution). */
const FORBIDDEN_SEGMENTS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const OPERATION_KEYS: ReadonlySet<string> = new Set(['op', 'path', 'value']);

/** Checks the shape of a PATCH body. Throws Refusal(400). */
export const parsePatch = (body: unknown): readonly PatchOperation[] => {
  if (!Array.isArray(body)) throw schemaError(`${shown(body)} is not of type 'array'`);
  if (body.length > OPERATIONS_MAX) throw schemaError(`more than ${OPERATIONS_MAX} operations`);
  return body.map(parseOperation);
};

const parseOperation = (each: unknown): PatchOperation => {
  if (!isJsonObject(each)) throw schemaError(`${shown(each)} is not of type 'object'`);
  const { op, path, value } = each;
  const extra = Object.keys(each).find((key) => !OPERATION_KEYS.has(key));
  if (extra !== undefined) {
    throw schemaError(`Additional properties are not allowed ('${extra}' was unexpected)`);
  }
  if (op !== 'add' && op !== 'replace' && op !== 'remove') {
    throw schemaError(`${shown(op)} is not one of ['add', 'replace', 'remove']`);
  }
  if (typeof path !== 'string' || !PATH_PATTERN.test(path)) {
    throw schemaError(`${shown(path)} does not match '^(/[\\\\w-]+)+$'`);
  }
  if (op !== 'remove' && value === undefined) throw schemaError("'value' is a required property");
  const segments = path.slice(1).split('/');
  const forbidden = segments.find((segment) => FORBIDDEN_SEGMENTS.has(segment));
  if (forbidden !== undefined) throw schemaError(`'${forbidden}' is not allowed in a path`);
  return { op, path: segments, value: value ?? null };
};

const schemaError = (text: string): Refusal => new Refusal(400, `Schema error for patch: ${text}`);

const shown = (value: unknown): string =>
  value === undefined ? 'None' : (JSON.stringify(value) ?? 'None').slice(0, 200);

/** The document after all operations. `document` itself is left as it was. Throws Refusal(400). */
export const applyPatch = (
  document: JsonObject,
  operations: readonly PatchOperation[],
): JsonObject => {
  const result = structuredClone(document);
  for (const operation of operations) {
    try {
      applyOne(result, operation);
    } catch (error) {
      if (!(error instanceof PatchConflict)) throw error;
      throw new Refusal(
        400,
        `Couldn't apply patch '${JSON.stringify(wire(operation))}'. Reason: ${error.message}`,
      );
    }
  }
  return result;
};

const wire = ({ op, path }: PatchOperation): JsonObject => ({ op, path: `/${path.join('/')}` });

class PatchConflict extends Error {}

const applyOne = (document: JsonObject, { op, path, value }: PatchOperation): void => {
  let parent: JsonValue = document;
  for (const segment of path.slice(0, -1)) {
    const next: JsonValue | undefined = memberOf(parent, segment);
    if (next === undefined) throw new PatchConflict(`member '${segment}' not found`);
    parent = next;
  }
  const key = path.at(-1) ?? '';
  if (Array.isArray(parent)) applyToArray(parent, op, key, value);
  else if (isJsonObject(parent)) applyToObject(parent, op, key, value);
  else throw new PatchConflict(`'${key}' is below a value that is neither object nor array`);
};

const memberOf = (parent: JsonValue, segment: string): JsonValue | undefined => {
  if (Array.isArray(parent)) return parent[indexOf(parent, segment, parent.length - 1)];
  if (isJsonObject(parent)) return Object.hasOwn(parent, segment) ? parent[segment] : undefined;
  return undefined;
};

const applyToObject = (
  parent: JsonObject,
  op: PatchOperation['op'],
  key: string,
  value: JsonValue,
): void => {
  const exists = Object.hasOwn(parent, key);
  if (op === 'replace' && !exists) {
    throw new PatchConflict(`can't replace a non-existent object '${key}'`);
  }
  if (op === 'remove') {
    if (!exists) throw new PatchConflict(`can't remove a non-existent object '${key}'`);
    delete parent[key];
    return;
  }
  parent[key] = structuredClone(value);
};

const applyToArray = (
  parent: JsonValue[],
  op: PatchOperation['op'],
  key: string,
  value: JsonValue,
): void => {
  if (op === 'add') {
    const index = key === '-' ? parent.length : indexOf(parent, key, parent.length);
    parent.splice(index, 0, structuredClone(value));
    return;
  }
  const index = indexOf(parent, key, parent.length - 1);
  if (op === 'remove') parent.splice(index, 1);
  else parent[index] = structuredClone(value);
};

const indexOf = (parent: readonly JsonValue[], segment: string, last: number): number => {
  if (!/^(?:0|[1-9][0-9]{0,8})$/.test(segment)) {
    throw new PatchConflict(`'${segment}' is not a valid sequence index`);
  }
  const index = Number(segment);
  if (index > last) throw new PatchConflict(`can't reach outside of the list of ${parent.length}`);
  return index;
};
