// How to reach and be let in by the BMC of a node: its driver_info, checked. No network here.

import { isIP, isIPv6 } from 'node:net';

import { Secret } from '#trust/secret';
import type { Credential } from '#trust/secret-store/secret-store';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonValue } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { AddressRules } from '../address-rules.ts';
import type { RedfishOptions } from './options.ts';

export type BmcTrust = {
  /** False: any certificate passes, unless a pin says which key it must be. */
  readonly isCaChecked: boolean;
  readonly caFile: string | null;
  readonly caPem: string | null;
  /** Lower-case hex SHA-256 of the public key (SPKI). */
  readonly pin: string | null;
};

export type BmcAccess = {
  /** `https://host[:port]`, as requests and texts name the BMC. */
  readonly origin: string;
  readonly host: string;
  /** Path of the system; null: the only one that the BMC has. */
  readonly systemPath: string | null;
  readonly username: string;
  readonly password: Secret<string>;
  readonly authType: 'auto' | 'session' | 'basic';
  readonly trust: BmcTrust;
};

export const REDFISH_PROPERTIES: { readonly [key: string]: string } = {
  redfish_address:
    'The URL address of the BMC, https://host or https://host:port; a bare host means https. Required.',
  redfish_username: 'User account with admin or server-profile access privilege. Required.',
  redfish_password: 'User account password. Required.',
  redfish_system_id:
    'The canonical path of the system, e.g. /redfish/v1/Systems/1. Required only if the BMC has more than one system.',
  redfish_verify_ca:
    'True (default): the certificate must come from a CA of this host; a path or PEM text: from that CA; ' +
    'False: it is not checked, unless redfish_pin is set.',
  redfish_pin:
    'Hex SHA-256 of the public key of the BMC certificate; no other key is talked to. Replaces the CA check ' +
    'unless redfish_verify_ca is set too.',
  redfish_auth_type:
    'auto (default; a session if the BMC offers them, else basic), session or basic.',
};

const REQUIRED = ['redfish_address', 'redfish_username', 'redfish_password'] as const;
const AUTH_TYPES = ['auto', 'session', 'basic'] as const;

export const readAccess = (
  node: NodeRecord,
  rules: AddressRules,
  options: Pick<RedfishOptions, 'isPlainHttpAllowed'>,
): BmcAccess => {
  const info = node.driverInfo;
  const missing = REQUIRED.filter(
    (key) => info[key] === undefined || info[key] === null || info[key] === '',
  );
  if (missing.length > 0) {
    throw new Refusal(
      400,
      `Missing the following Redfish properties in node's driver_info: ${missing.join(', ')}`,
    );
  }
  const url = addressOf(textIn(info, 'redfish_address'), options.isPlainHttpAllowed);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
  const objection =
    (isIP(host) === 0 ? undefined : rules.objection(host)) ?? rules.portObjection(host, port);
  if (objection !== undefined)
    throw new Refusal(400, `redfish_address ${url.origin} is refused: ${objection}`);
  return {
    origin: url.origin,
    host,
    systemPath: systemPathOf(info['redfish_system_id']),
    username: textIn(info, 'redfish_username'),
    password: new Secret(textIn(info, 'redfish_password')),
    authType: authTypeOf(info['redfish_auth_type']),
    trust: trustOf(info['redfish_verify_ca'], info['redfish_pin']),
  };
};

/** The same BMC, to be logged in to as somebody else: what driver_info says of user and password is not opened. */
export const accessAs = (
  node: NodeRecord,
  { username, password }: Credential,
  rules: AddressRules,
  options: Pick<RedfishOptions, 'isPlainHttpAllowed'>,
): BmcAccess => {
  // Its rules are about what people type; these were made, or are guessed by an audit.
  const login = { redfish_username: 'x', redfish_password: 'x' };
  const driverInfo = { ...node.driverInfo, ...login };
  return { ...readAccess({ ...node, driverInfo }, rules, options), username, password };
};

/** Longer texts are no addresses, names or passwords. */
const TEXT_CHARACTERS_MAX = 1_024;

const textIn = (info: NodeRecord['driverInfo'], key: string): string => {
  const value = info[key];
  if (typeof value !== 'string' || value.length > TEXT_CHARACTERS_MAX || /\p{Cc}/u.test(value)) {
    throw new Refusal(
      400,
      `driver_info ${key} must be a text of at most ${TEXT_CHARACTERS_MAX} characters`,
    );
  }
  return value;
};

const addressOf = (text: string, isPlainHttpAllowed: boolean): URL => {
  const trimmed = text.trim();
  const bracketed = isIPv6(trimmed) ? `[${trimmed}]` : trimmed;
  const full = bracketed.includes('://') ? bracketed : `https://${bracketed}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  const isPlain =
    url !== undefined &&
    url.hostname !== '' &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '' &&
    /^\/(redfish(\/v1\/?)?)?$/.test(url.pathname);
  if (url === undefined || !isPlain || !['https:', 'http:'].includes(url.protocol)) {
    throw new Refusal(
      400,
      'Invalid Redfish address in driver_info redfish_address: it must look like https://host or https://host:port',
    );
  }
  if (url.protocol === 'http:' && !isPlainHttpAllowed) {
    throw new Refusal(
      400,
      'redfish_address uses http: the BMC password would cross the network in clear text. Use https, or set ' +
        '[redfish] allow_plain_http',
    );
  }
  return url;
};

const systemPathOf = (value: JsonValue | undefined): string | null => {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string' && /^\/[\w.~%:@/-]*$/.test(value) && !value.startsWith('//')) {
    const path = value.replace(/\/+$/, '');
    // The service root is what clients send when they do not know the system.
    return path === '' || path === '/redfish/v1' ? null : path;
  }
  throw new Refusal(
    400,
    'Invalid value in driver_info redfish_system_id: it must be a path that starts with a slash, e.g. /redfish/v1/Systems/1',
  );
};

const authTypeOf = (value: JsonValue | undefined): BmcAccess['authType'] => {
  if (value === undefined || value === null || value === '') return 'auto';
  const found = AUTH_TYPES.find((each) => each === value);
  if (found !== undefined) return found;
  throw new Refusal(
    400,
    `Invalid driver_info redfish_auth_type; valid are: ${AUTH_TYPES.join(', ')}`,
  );
};

const trustOf = (verify: JsonValue | undefined, pin: JsonValue | undefined): BmcTrust => {
  const pinned = pinOf(pin);
  const isUnset = verify === undefined || verify === null || verify === '';
  if (isUnset) return { isCaChecked: pinned === null, caFile: null, caPem: null, pin: pinned };
  const word = typeof verify === 'string' ? verify.toLowerCase() : verify;
  if (word === true || word === 'true' || word === false || word === 'false') {
    const isCaChecked = word === true || word === 'true';
    return { isCaChecked, caFile: null, caPem: null, pin: pinned };
  }
  if (typeof verify === 'string' && verify.startsWith('-----BEGIN CERTIFICATE-----')) {
    return { isCaChecked: true, caFile: null, caPem: verify, pin: pinned };
  }
  if (typeof verify === 'string' && verify.startsWith('/')) {
    return { isCaChecked: true, caFile: verify, caPem: null, pin: pinned };
  }
  throw new Refusal(
    400,
    'Invalid value in driver_info redfish_verify_ca: it must be True, False, the full path of a CA file, or PEM text',
  );
};

const pinOf = (value: JsonValue | undefined): string | null => {
  if (value === undefined || value === null || value === '') return null;
  const hex = typeof value === 'string' ? value.replaceAll(':', '').toLowerCase() : '';
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw new Refusal(
    400,
    'Invalid driver_info redfish_pin: it must be 64 hex digits (SHA-256 of the public key)',
  );
};
