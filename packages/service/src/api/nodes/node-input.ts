// Values that clients write into nodes, checked against the field table and brought into the record's form. POST
// and PATCH share it: a patched node is validated as a whole like a new one.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { nodeField, type NodeFieldName } from '@bessemer/protocol/node/fields';
import { checkKernelArguments } from '@bessemer/protocol/node/kernel-arguments';
import { isUuid } from '@bessemer/protocol/uuid';

import { asFlag, shown, shownKind } from '../query.ts';

/** The record's value for one key. Throws Refusal(400). */
export const nodeValue = (name: NodeFieldName, value: JsonValue): JsonValue => {
  const { kind, isNullable, charsMax } = nodeField(name);
  if (value === null) {
    if (isNullable === true) return null;
    throw schemaError(name, value, kind === 'object' ? 'object' : 'string');
  }
  if (kind === 'flag') return asFlag(name, value) ?? null;
  if (kind === 'object') {
    if (!isJsonObject(value)) throw schemaError(name, value, 'object');
    if (name === 'driver_info' || name === 'instance_info') checkKernelArguments(name, value);
    return name === 'network_data' ? requireNetworkData(value) : value;
  }
  if (typeof value !== 'string') throw schemaError(name, value, 'string');
  if (kind === 'uuid') {
    if (!isUuid(value)) throw new Refusal(400, `Expected UUID for ${name}: ${shown(value)}`);
    return value.toLowerCase();
  }
  if (charsMax !== undefined && value.length > charsMax) {
    throw new Refusal(
      400,
      `Schema error for node: '${name}' is longer than ${charsMax} characters`,
    );
  }
  if (name === 'instance_name' && value === '') {
    throw new Refusal(400, "Schema error for node: 'instance_name' is too short");
  }
  return name === 'conductor_group' ? requireGroup(value) : value;
};

const schemaError = (name: string, value: JsonValue, type: string): Refusal =>
  new Refusal(
    400,
    `Schema error for node: ${name}: ${type === 'object' ? shownKind(value) : shown(value)} is not of type '${type}'`,
  );

const requireGroup = (value: string): string => {
  if (/^[A-Za-z0-9_.-]*$/.test(value)) return value.toLowerCase();
  throw new Refusal(400, `Schema error for node: '${shown(value)}' is not a conductor group`);
};

const NETWORK_DATA_KEYS: ReadonlySet<string> = new Set(['links', 'networks', 'services']);

/** OpenStack network data: `links` and `networks` required, `services` optional, `{}` for none. */
const requireNetworkData = (value: JsonObject): JsonObject => {
  const keys = Object.keys(value);
  if (keys.length === 0) return value;
  const isRight =
    keys.every((key) => NETWORK_DATA_KEYS.has(key) && Array.isArray(value[key])) &&
    'links' in value &&
    'networks' in value;
  if (isRight) return value;
  throw new Refusal(
    400,
    'Invalid network_data: it must have the arrays links and networks, may have services, and nothing else',
  );
};

const FREE_NAME = /^[A-Za-z0-9._~-]{1,255}$/;
const HOST_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'detail',
  'maintenance',
  'management',
  'states',
  'validate',
  'vendor_passthru',
]);

/** Names below 1.10 had to look like host names. Throws Refusal(400). */
export const requireNodeName = (name: string, minor: number, doing: 'create' | 'update'): void => {
  if (RESERVED_NAMES.has(name)) {
    throw new Refusal(
      400,
      `Cannot ${doing} node with invalid name '${name}', it is a reserved word of the API`,
    );
  }
  const isRight =
    FREE_NAME.test(name) &&
    !isUuid(name) &&
    (offers(minor, 'free-names') || name.split('.').every((label) => HOST_LABEL.test(label)));
  if (!isRight) throw new Refusal(400, `Cannot ${doing} node with invalid name '${shown(name)}'`);
};
