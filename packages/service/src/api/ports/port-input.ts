// Values that clients write into ports, checked and brought into the record's form.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { portField, type PortFieldName } from '@bessemer/protocol/port/fields';
import { isUuid } from '@bessemer/protocol/uuid';

import { notAcceptable } from '../error-envelope.ts';
import { asFlag, shown } from '../query.ts';

const MAC_PATTERN = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const NAME_PATTERN = /^[A-Za-z0-9._~-]{1,255}$/;

export const asMac = (name: string, value: JsonValue): string => {
  const text = typeof value === 'string' ? value.toLowerCase().replaceAll('-', ':') : '';
  if (MAC_PATTERN.test(text)) return text;
  throw new Refusal(400, `Expected a MAC address for ${name} but received ${shown(value)}.`);
};

/** The record's value for one key. Throws Refusal(400), or 406 for what is newer than the version. */
export const portValue = (name: PortFieldName, value: JsonValue, minor: number): JsonValue => {
  const { kind, charsMax } = portField(name);
  switch (kind) {
    case 'mac':
      return asMac(name, value);
    case 'flag':
      return asFlag(name, value ?? undefined) ?? false;
    case 'object':
      if (value === null || isJsonObject(value)) return value ?? {};
      throw schemaError(name, value, 'object');
    case 'link':
      return requireLink(value ?? {}, minor);
    default:
  }
  if (value === null) return null;
  if (typeof value !== 'string') throw schemaError(name, value, 'string');
  if (kind === 'uuid') {
    if (!isUuid(value)) throw new Refusal(400, `Expected UUID for ${name}: ${shown(value)}`);
    return value.toLowerCase();
  }
  const isRight =
    value.length <= (charsMax ?? value.length) &&
    (name !== 'physical_network' || value !== '') &&
    (kind !== 'name' || (NAME_PATTERN.test(value) && !isUuid(value)));
  if (!isRight)
    throw new Refusal(400, `Schema error for port: ${name}: '${shown(value)}' is not valid`);
  return value;
};

const schemaError = (name: string, value: JsonValue, type: string): Refusal =>
  new Refusal(400, `Schema error for port: ${name}: ${shown(value)} is not of type '${type}'`);

const LINK_KEYS: ReadonlySet<string> = new Set([
  'switch_id',
  'port_id',
  'switch_info',
  'hostname',
  'network_type',
]);
const VTEP_KEYS: ReadonlySet<string> = new Set(['vtep-logical-switch', 'vtep-physical-switch']);
const DATAPATH_PATTERN = /^[0-9a-fA-F]{16}$/;

/** Empty; or switch and port; or host and port (smart network card); or an unmanaged network. */
const requireLink = (value: JsonValue, minor: number): JsonObject => {
  if (!isJsonObject(value)) throw schemaError('local_link_connection', value, 'object');
  const keys = Object.keys(value);
  if (keys.length === 0) return value;
  const unknown = keys.find((key) => !LINK_KEYS.has(key) && !VTEP_KEYS.has(key));
  if (unknown !== undefined) throw linkError(`unexpected key ${shown(unknown)}`);
  const isVtep = keys.some((key) => VTEP_KEYS.has(key));
  if (isVtep && !offers(minor, 'vtep-keys')) throw notAcceptable();
  const { network_type: networkType, switch_id: switchId } = value;
  if (networkType !== undefined && !offers(minor, 'network-type')) throw notAcceptable();
  if (networkType !== undefined && networkType !== 'managed' && networkType !== 'unmanaged') {
    throw linkError('network_type is managed or unmanaged');
  }
  const isSwitch = switchId === undefined || (typeof switchId === 'string' && isSwitchId(switchId));
  if (!isSwitch) throw linkError('switch_id must be a MAC address or an OpenFlow datapath id');
  const isComplete =
    networkType === 'unmanaged' ||
    isVtep ||
    (value['port_id'] !== undefined && (switchId !== undefined || value['hostname'] !== undefined));
  if (!isComplete) throw linkError('port_id with switch_id, or port_id with hostname, is needed');
  return value;
};

const isSwitchId = (text: string): boolean =>
  MAC_PATTERN.test(text.toLowerCase()) || DATAPATH_PATTERN.test(text);

const linkError = (text: string): Refusal =>
  new Refusal(400, `Schema error for port: local_link_connection: ${text}`);

export const requireSmartNic = (isSmartnic: boolean, link: JsonObject): void => {
  if (!isSmartnic || (link['port_id'] !== undefined && link['hostname'] !== undefined)) return;
  throw new Refusal(
    400,
    'Validation of attribute is_smartnic failed: local_link_connection needs port_id and hostname',
  );
};
