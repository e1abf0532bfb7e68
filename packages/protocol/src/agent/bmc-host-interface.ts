// SMBIOS structures of type 42 (management controller host interface), as far as they describe a network to a
// Redfish service (DSP0270). Pure: the table's bytes are handed in. Nothing in it is trusted to have its stated length.

import type { BmcHostInterface } from './bmc-commands.ts';

const TYPE = 42;
const HEADER_BYTES = 4;
const NETWORK = 0x40;
const REDFISH_OVER_IP = 0x04;
const DEVICE = { usb: 2, pci: 3, usbV2: 4, pciV2: 5 } as const;
/** UUID, 3 bytes about the host, 2 × 16, 2 bytes about the service, 2 × 16, port, VLAN, length of the name. */
const PROTOCOL_BYTES_MIN = 91;
/** A machine has one or two; a table is a few KiB. */
const STRUCTURES_MAX = 4_096;

const AT = {
  hostAssignment: 16,
  hostFormat: 17,
  hostAddress: 18,
  hostMask: 34,
  serviceFormat: 51,
  serviceAddress: 52,
  servicePort: 84,
  nameLength: 90,
} as const;

/** `table` as Linux shows it in /sys/firmware/dmi/tables/DMI. The first that is Redfish over IP; undefined: none. */
export const findHostInterface = (table: Uint8Array): BmcHostInterface | undefined => {
  for (const structure of structuresOf(table)) {
    const found = structure[0] === TYPE ? readHostInterface(structure) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
};

function* structuresOf(table: Uint8Array): Generator<Uint8Array> {
  let at = 0;
  for (let count = 0; count < STRUCTURES_MAX; count += 1) {
    const length = table[at + 1] ?? 0;
    if (length < HEADER_BYTES || at + length > table.length) return;
    yield table.subarray(at, at + length);
    // Behind each structure its texts, each ended by a zero, all ended by one more.
    let end = at + length;
    while (end + 1 < table.length && (table[end] !== 0 || table[end + 1] !== 0)) end += 1;
    at = end + 2;
  }
}

const readHostInterface = (structure: Uint8Array): BmcHostInterface | undefined => {
  if (structure[4] !== NETWORK) return undefined;
  const deviceBytes = structure[5] ?? 0;
  const device = structure.subarray(6, 6 + deviceBytes);
  let at = 6 + deviceBytes;
  const recordCount = structure[at] ?? 0;
  at += 1;
  for (let index = 0; index < recordCount; index += 1) {
    const length = structure[at + 1] ?? 0;
    const record = structure.subarray(at + 2, at + 2 + length);
    const isWhole = record.length === length && length >= PROTOCOL_BYTES_MIN;
    if (structure[at] === REDFISH_OVER_IP && isWhole) {
      return { device: readDevice(device), ...readRedfish(record) };
    }
    at += 2 + length;
  }
  return undefined;
};

const number16 = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

const readDevice = (device: Uint8Array): BmcHostInterface['device'] => {
  const type = device[0] ?? 0;
  // The second version has its own length first.
  const at = type === DEVICE.usbV2 || type === DEVICE.pciV2 ? 2 : 1;
  if (device.length < at + 4) return { kind: 'other', type };
  const [vendorId, second] = [number16(device, at), number16(device, at + 2)];
  if (type === DEVICE.usb || type === DEVICE.usbV2) {
    return { kind: 'usb', vendorId, productId: second };
  }
  return type === DEVICE.pci || type === DEVICE.pciV2
    ? { kind: 'pci', vendorId, deviceId: second }
    : { kind: 'other', type };
};

const readRedfish = (record: Uint8Array): Omit<BmcHostInterface, 'device'> => {
  const hostFormat = record[AT.hostFormat] ?? 0;
  const name = record.subarray(
    PROTOCOL_BYTES_MIN,
    PROTOCOL_BYTES_MIN + (record[AT.nameLength] ?? 0),
  );
  return {
    serviceUuid: uuidOf(record),
    hostAssignment: record[AT.hostAssignment] ?? 0,
    hostAddress: addressOf(hostFormat, record.subarray(AT.hostAddress)),
    hostMask: addressOf(hostFormat, record.subarray(AT.hostMask)),
    serviceAddress: addressOf(record[AT.serviceFormat] ?? 0, record.subarray(AT.serviceAddress)),
    servicePort: number16(record, AT.servicePort),
    serviceHostname: String.fromCodePoint(...name).replace(/[^\x21-\x7e].*$/s, ''),
  };
};

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/** All zeros: none is set. */
const addressOf = (format: number, bytes: Uint8Array): string | null => {
  const length = format === 1 ? 4 : format === 2 ? 16 : 0;
  const own = [...bytes.subarray(0, length)];
  if (own.every((each) => each === 0)) return null;
  if (format === 1) return own.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((own[index * 2] ?? 0) << 8) | (own[index * 2 + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
};

/** The first three groups are little endian, as in all of SMBIOS. */
const UUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;

const uuidOf = (bytes: Uint8Array): string =>
  UUID_ORDER.map((at) => hex(bytes[at] ?? 0))
    .join('')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
