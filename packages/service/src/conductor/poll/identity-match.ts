// Whether the machine that answered is the machine of the node. Compared are its cards with the ports, and its serial
// number and system UUID with what the BMC and an earlier inspection said.

import type { Inventory } from '@bessemer/protocol/agent/inventory';

export type KnownIdentity = {
  /** Ports of the node that it may boot from, lower case. */
  readonly macs: readonly string[];
  /** Ports of other nodes with a MAC of this inventory. */
  readonly foreign: readonly { readonly address: string; readonly nodeUuid: string }[];
  /** From the BMC and from earlier inspections; any of them will do, since they may name board and system. */
  readonly serials: readonly (string | null | undefined)[];
  readonly systemUuids: readonly (string | null | undefined)[];
};

/** What vendors write where they wrote nothing. */
const PLACEHOLDERS = new Set([
  '',
  '0',
  'none',
  'unknown',
  'n/a',
  'na',
  'default string',
  'not specified',
  'not available',
  'system serial number',
  'to be filled by o.e.m.',
  'empty',
]);

const plain = (serial: string | null | undefined): string | undefined => {
  const text = serial?.trim().toLowerCase() ?? '';
  return PLACEHOLDERS.has(text) ? undefined : text;
};

const UUID_PATTERN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** All zeros and all ones stand for "not set" in SMBIOS. */
const realUuid = (uuid: string | null | undefined): string | undefined => {
  const text = uuid?.trim().toLowerCase() ?? '';
  return UUID_PATTERN.test(text) && !/^[0-]+$|^[f-]+$/.test(text) ? text : undefined;
};

/** SMBIOS stores the first three parts with the lowest byte first, and some firmware forgets that. */
const swapped = (uuid: string): string =>
  uuid
    .split('-')
    .map((part, index) => (index < 3 ? (part.match(/../g) ?? []).toReversed().join('') : part))
    .join('-');

/** Undefined: it is the machine of the node, as far as anybody knows. Else a sentence about what differs. */
export const identityMismatch = (
  inventory: Pick<Inventory, 'interfaces' | 'system_vendor' | 'system_uuid'>,
  known: KnownIdentity,
): string | undefined => {
  const [foreign] = known.foreign;
  if (foreign !== undefined) {
    return `It has the MAC ${foreign.address}, which is a port of node ${foreign.nodeUuid}.`;
  }
  const macs = new Set(inventory.interfaces.map((card) => card.mac_address.toLowerCase()));
  const missing = known.macs.filter((mac) => !macs.has(mac.toLowerCase()));
  if (missing.length > 0) return `It has no card with the MAC ${missing.join(', ')}.`;
  const serial = plain(inventory.system_vendor?.serial_number);
  const expected = known.serials.map(plain).filter((each) => each !== undefined);
  if (serial !== undefined && expected.length > 0 && !expected.includes(serial)) {
    return `Its serial number is not ${[...new Set(expected)].join(' or ')}.`;
  }
  const uuid = realUuid(inventory.system_uuid);
  const uuids = known.systemUuids.map(realUuid).filter((each) => each !== undefined);
  const spellings = uuid === undefined ? [] : [uuid, swapped(uuid)];
  if (spellings.length > 0 && uuids.length > 0 && !uuids.some((each) => spellings.includes(each))) {
    return `Its system UUID is not ${[...new Set(uuids)].join(' or ')}.`;
  }
  return undefined;
};
