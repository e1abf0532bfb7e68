// How to reach and be let in by the BMC of a node over IPMI: its driver_info, checked. No network here.

import { isIP, isIPv6 } from 'node:net';

import { Secret } from '#trust/secret';
import { readReference } from '#trust/secret-store/secret-reference';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';

import type { AddressRules } from '../address-rules.ts';
import { isCipherSuiteId, type CipherSuiteId } from './cipher-suites.ts';
import { PASSWORD_BYTES_MAX, USERNAME_BYTES_MAX, type IpmiLogin } from './client.ts';
import type { IpmiOptions } from './options.ts';
import { PRIVILEGES, type Privilege } from './privilege.ts';
import { IPMI_PORT } from './udp-transport.ts';

export type IpmiAccess = IpmiLogin & {
  readonly host: string;
  readonly port: number;
  /** `ipmi://host:port`, as texts name the BMC. */
  readonly origin: string;
  /** Whether boot flags outlive the minute after which BMCs forget them. */
  readonly isBootTimeoutDisabled: boolean;
};

const REQUIRED = ['ipmi_address', 'ipmi_username', 'ipmi_password'] as const;
const BMC_KEY_PATTERN = /^[0-9a-f]{40}$/i;
const HOST_NAME_PATTERN =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

export const readIpmiAccess = (
  info: JsonObject,
  rules: AddressRules,
  options: Pick<IpmiOptions, 'cipherSuites'>,
): IpmiAccess => {
  const missing = REQUIRED.filter((key) => !isSet(info[key]));
  if (missing.length > 0) {
    throw new Refusal(
      400,
      `Missing the following IPMI credentials in node's driver_info: ${missing.join(', ')}.`,
    );
  }
  refuseUnsupported(info);
  const host = hostIn(info);
  const port = portIn(info);
  const objection =
    (isIP(host) === 0 ? undefined : rules.objection(host)) ?? rules.portObjection(host, port);
  const origin = `ipmi://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (objection !== undefined) {
    throw new Refusal(400, `ipmi_address ${origin} is refused: ${objection}`);
  }
  const bmcKey = bmcKeyIn(info);
  return {
    host,
    port,
    origin,
    username: textIn(info, 'ipmi_username', USERNAME_BYTES_MAX),
    password: passwordIn(info),
    ...(bmcKey === undefined ? {} : { bmcKey }),
    privilege: privilegeIn(info),
    cipherSuites: suitesIn(info) ?? options.cipherSuites,
    isBootTimeoutDisabled: isTrue(info['ipmi_disable_boot_timeout'] ?? true),
  };
};

/** A reference to a kept password is longer than a password; what it stands for is checked at the login. */
const REFERENCE_BYTES_MAX = 1_024;

const passwordIn = (info: JsonObject): Secret<string> => {
  const text = textIn(info, 'ipmi_password', REFERENCE_BYTES_MAX);
  if (Buffer.byteLength(text) <= PASSWORD_BYTES_MAX || readReference(text) !== undefined) {
    return new Secret(text);
  }
  throw new Refusal(
    400,
    `driver_info ipmi_password must have at most ${PASSWORD_BYTES_MAX} bytes: no BMC takes more over IPMI`,
  );
};

const isSet = (value: JsonValue | undefined): boolean =>
  value !== undefined && value !== null && value !== '';

const isTrue = (value: JsonValue): boolean =>
  value === true || (typeof value === 'string' && /^(true|t|1|on|yes|y)$/i.test(value.trim()));

const textIn = (info: JsonObject, key: string, bytesMax: number): string => {
  const value = info[key];
  const isUsable =
    typeof value === 'string' && Buffer.byteLength(value) <= bytesMax && !/\p{Cc}/u.test(value);
  if (isUsable) return value;
  throw new Refusal(400, `driver_info ${key} must be a text of at most ${bytesMax} bytes`);
};

const hostIn = (info: JsonObject): string => {
  const value = info['ipmi_address'];
  const text = typeof value === 'string' ? value.trim() : '';
  const host = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIP(host) !== 0 || HOST_NAME_PATTERN.test(host)) return host;
  throw new Refusal(
    400,
    'Invalid driver_info ipmi_address: it must be an IP address or a host name, without scheme, port or path',
  );
};

const portIn = (info: JsonObject): number => {
  const value = info['ipmi_port'];
  if (!isSet(value)) return IPMI_PORT;
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) {
    return port;
  }
  throw new Refusal(400, 'Invalid driver_info ipmi_port: it must be a number from 1 to 65535');
};

const privilegeIn = (info: JsonObject): Privilege => {
  const value = info['ipmi_priv_level'];
  if (!isSet(value)) return 'administrator';
  const names = Object.keys(PRIVILEGES) as Privilege[];
  const found = names.find((name) => typeof value === 'string' && name === value.toLowerCase());
  if (found !== undefined) return found;
  throw new Refusal(
    400,
    `Invalid driver_info ipmi_priv_level; valid are: ${names.map((name) => name.toUpperCase()).join(', ')}`,
  );
};

const suitesIn = (info: JsonObject): readonly CipherSuiteId[] | undefined => {
  const value = info['ipmi_cipher_suite'];
  if (!isSet(value)) return undefined;
  const id = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : value;
  if (isCipherSuiteId(id)) return [id];
  const why =
    id === 0
      ? '0 lets in everybody without a password and is never used'
      : 'it must be 17 (SHA-256) or 3 (SHA-1); the others lack authentication, integrity or encryption';
  throw new Refusal(400, `Invalid driver_info ipmi_cipher_suite: ${why}`);
};

const bmcKeyIn = (info: JsonObject): Secret<Buffer> | undefined => {
  const value = info['ipmi_hex_kg_key'];
  if (!isSet(value)) return undefined;
  if (typeof value === 'string' && BMC_KEY_PATTERN.test(value)) {
    return new Secret(Buffer.from(value, 'hex'));
  }
  throw new Refusal(400, 'Invalid driver_info ipmi_hex_kg_key: it must be 40 hex digits');
};

const refuseUnsupported = (info: JsonObject): void => {
  const protocol = info['ipmi_protocol_version'];
  if (isSet(protocol) && protocol !== '2.0' && protocol !== 2) {
    throw new Refusal(
      400,
      'Invalid driver_info ipmi_protocol_version: only 2.0 is spoken; 1.5 neither proves the BMC nor encrypts',
    );
  }
  const bridging = info['ipmi_bridging'];
  if (isSet(bridging) && bridging !== 'no') {
    throw new Refusal(
      400,
      'Invalid driver_info ipmi_bridging: only "no" is supported; use the address of the BMC itself',
    );
  }
};
