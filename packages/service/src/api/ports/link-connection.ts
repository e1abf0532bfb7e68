// local_link_connection: where the other end of the cable is plugged in.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import { PORT } from '@bessemer/protocol/port/fields';
import { isSwitchId, LINK_KEYS } from '@bessemer/protocol/port/link-keys';

import { notAcceptable } from '../error-envelope.ts';
import { shown, shownKind } from '../query.ts';
import { schemaError } from '../resource/resource-input.ts';

const VTEP_KEYS: ReadonlySet<string> = new Set(['vtep-logical-switch', 'vtep-physical-switch']);

/** Keys of virtual tunnel endpoints came with 1.90 and went with 1.105. */
const hasTunnels = (minor: number): boolean =>
  offers(minor, 'vtep-keys') && !offers(minor, 'vtep-keys-hidden');

const isTunnel = (link: JsonObject): boolean => Object.keys(link).some((key) => VTEP_KEYS.has(key));

/** Empty; or switch and port; or host and port (smart network card); or an unmanaged network; or a tunnel. */
export const readLink = (_name: string, value: JsonValue, minor: number): JsonObject => {
  if (!isJsonObject(value)) {
    throw schemaError(PORT, `local_link_connection: ${shownKind(value)} is not of type 'object'`);
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return value;
  const unknown = keys.find((key) => !LINK_KEYS.has(key) && !VTEP_KEYS.has(key));
  if (unknown !== undefined) throw linkError(`unexpected key ${shown(unknown)}`);
  const notText = keys.find((key) => typeof value[key] !== 'string');
  if (notText !== undefined) throw linkError(`${notText} is not of type 'string'`);
  const isVtep = isTunnel(value);
  if (isVtep && !hasTunnels(minor)) throw notAcceptable();
  const { network_type: networkType, switch_id: switchId, port_id: portId, hostname } = value;
  if (networkType !== undefined && !offers(minor, 'network-type')) throw notAcceptable();
  if (networkType !== undefined && networkType !== 'managed' && networkType !== 'unmanaged') {
    throw linkError('network_type is managed or unmanaged');
  }
  const isSwitch = switchId === undefined || (typeof switchId === 'string' && isSwitchId(switchId));
  if (!isSwitch) throw linkError('switch_id must be a MAC address or an OpenFlow datapath id');
  const isComplete =
    networkType === 'unmanaged' ||
    isVtep ||
    (portId !== undefined && (switchId ?? hostname) !== undefined);
  if (!isComplete) throw linkError('port_id with switch_id, or port_id with hostname, is needed');
  return value;
};

const linkError = (text: string): Refusal => schemaError(PORT, `local_link_connection: ${text}`);

/** A tunnel is no half connection for those who do not know it: they see none. */
export const shownLink = (value: unknown, minor: number): unknown =>
  isJsonObject(value) && isTunnel(value) && !hasTunnels(minor) ? {} : value;

export const requireSmartNic = (isSmartnic: boolean, link: JsonObject): void => {
  if (!isSmartnic || (link['port_id'] !== undefined && link['hostname'] !== undefined)) return;
  throw new Refusal(
    400,
    'Validation of attribute is_smartnic failed: local_link_connection needs port_id and hostname',
  );
};
