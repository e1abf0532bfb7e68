// A node as a patch sees it: the keys that may be patched, unmasked, and back into changes of the record.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { NODE_FIELD_NAMES, nodeField, type NodeFieldName } from '@bessemer/protocol/node/fields';
import type { PatchOperation } from '@bessemer/protocol/node/patch';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { nodeValue } from './node-input.ts';

const PATCHABLE = NODE_FIELD_NAMES.filter((name) => nodeField(name).write.includes('patch'));

export const isPatchable = (name: string): name is NodeFieldName =>
  (PATCHABLE as readonly string[]).includes(name);

/** Throws Refusal(400) naming what may be patched. */
export const refuseUnpatchable = (operations: readonly PatchOperation[]): void => {
  for (const { path } of operations) {
    const root = path[0] ?? '';
    if (isPatchable(root)) continue;
    const all = [...PATCHABLE].sort().map((name) => `/${name}`);
    throw new Refusal(
      400,
      `Cannot patch /${root}. Only the following can be updated: ${all.join(', ')}`,
    );
  }
};

export const patchDocument = (node: NodeRecord): JsonObject => {
  const document: JsonObject = {};
  for (const name of PATCHABLE) {
    const { kind, property } = nodeField(name);
    if (kind === 'interface') {
      document[name] = node.interfaces[kindOf(name) as keyof NodeRecord['interfaces']];
    } else if (property !== undefined) document[name] = node[property] as JsonValue;
  }
  return document;
};

export const kindOf = (name: NodeFieldName): string => name.slice(0, -'_interface'.length);

/** What a removed key becomes; required ones cannot be removed. */
const REMOVED: { readonly [name: string]: JsonValue } = {
  driver: 'required',
  maintenance: 'required',
  protected: false,
  retired: false,
  disable_power_off: false,
  conductor_group: '',
};

export type PatchedValues = {
  /** Properties of the record whose value is another one now. */
  readonly changes: { readonly [property: string]: JsonValue };
  /** Interface kinds that were changed; null means back to the default. */
  readonly interfaces: { readonly [kind: string]: string | null };
  readonly fields: ReadonlySet<NodeFieldName>;
};

/** Compares the patched document with the node; every value is checked by the field table. */
export const changesOf = (node: NodeRecord, patched: JsonObject): PatchedValues => {
  const before = patchDocument(node);
  const changes: { [property: string]: JsonValue } = {};
  const interfaces: { [kind: string]: string | null } = {};
  const fields = new Set<NodeFieldName>();
  for (const name of PATCHABLE) {
    const value = Object.hasOwn(patched, name) ? patched[name] : removedValue(name);
    if (value === undefined || isSame(value, before[name])) continue;
    const { kind, property } = nodeField(name);
    const checked = nodeValue(name, value);
    if (isSame(checked, before[name])) continue;
    fields.add(name);
    if (kind === 'interface') interfaces[kindOf(name)] = checked as string | null;
    else if (property !== undefined) changes[property] = checked;
  }
  return { changes, interfaces, fields };
};

const removedValue = (name: NodeFieldName): JsonValue => {
  const value = REMOVED[name];
  if (value === 'required') {
    throw new Refusal(400, `Schema error for patch: '${name}' is a required property`);
  }
  if (value !== undefined) return value;
  return nodeField(name).kind === 'object' ? {} : null;
};

const isSame = (a: JsonValue | undefined, b: JsonValue | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
