import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assert as check, property, uint8Array } from 'fast-check';

import { findHostInterface } from './bmc-host-interface.ts';

const structure = (type: number, data: readonly number[], texts = ''): number[] => {
  const end = texts === '' ? [0, 0] : [...Buffer.from(`${texts}\0`, 'latin1'), 0];
  return [type, data.length + 4, 0x10, 0x00, ...data, ...end];
};

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

const UUID_BYTES = Array.from({ length: 16 }, (_, index) => index);

const redfish = (name = 'bmc'): number[] =>
  [
    UUID_BYTES,
    [0x01, 0x01],
    [169, 254, 95, 120, ...zeros(12)],
    [255, 255, 0, 0, ...zeros(12)],
    [0x01, 0x01],
    [169, 254, 95, 118, ...zeros(12)],
    [255, 255, 0, 0, ...zeros(12)],
    [0xbb, 0x01],
    zeros(4),
    [name.length, ...Buffer.from(name)],
  ].flat();

const hostInterface = (device: readonly number[], records: readonly (readonly number[])[]) =>
  structure(42, [0x40, device.length, ...device, records.length, ...records.flat()]);

const USB = [0x02, 0x6b, 0x04, 0x01, 0x01, 0x00];
const REDFISH = [0x04, redfish().length, ...redfish()];
const OTHER = structure(1, zeros(23), 'QEMU\0Standard PC');

test('the network to a Redfish service is found behind other structures with texts', () => {
  const table = Uint8Array.from([...OTHER, ...hostInterface(USB, [REDFISH])]);

  assert.deepEqual(findHostInterface(table), {
    device: { kind: 'usb', vendorId: 0x046b, productId: 0x0101 },
    serviceUuid: '03020100-0504-0706-0809-0a0b0c0d0e0f',
    hostAssignment: 1,
    hostAddress: '169.254.95.120',
    hostMask: '255.255.0.0',
    serviceAddress: '169.254.95.118',
    servicePort: 443,
    serviceHostname: 'bmc',
  });
});

for (const [name, device, expected] of [
  [
    'USB, second version',
    [0x04, 0x0d, 0x6b, 0x04, 0xb0, 0xff],
    { kind: 'usb', vendorId: 0x046b, productId: 0xffb0 },
  ],
  ['PCI', [0x03, 0x86, 0x80, 0x10, 0x00], { kind: 'pci', vendorId: 0x8086, deviceId: 0x0010 }],
  ['something of a vendor', [0x80, 0x01], { kind: 'other', type: 0x80 }],
] as const) {
  test(`the device may be ${name}`, () => {
    const found = findHostInterface(Uint8Array.from(hostInterface(device, [REDFISH])));

    assert.deepEqual(found?.device, expected);
  });
}

test('a record of another protocol before it is skipped', () => {
  const ipmi = [0x02, 0x02, 0xaa, 0xbb];
  const found = findHostInterface(Uint8Array.from(hostInterface(USB, [ipmi, REDFISH])));

  assert.equal(found?.servicePort, 443);
});

for (const [name, table] of [
  ['an empty table', []],
  ['no structure of type 42', OTHER],
  ['an interface that is no network', structure(42, [0x01, 0, 1, ...REDFISH])],
  ['a record that is cut', hostInterface(USB, [REDFISH.slice(0, -8)])],
  ['a structure that says to be longer than the table', [42, 200, 0, 0, 0x40]],
] as const) {
  test(`there is none in ${name}`, () => {
    assert.equal(findHostInterface(Uint8Array.from(table)), undefined);
  });
}

test('whatever bytes a table has, reading it ends and throws nothing', () => {
  check(
    property(uint8Array({ maxLength: 400 }), (noise) => {
      findHostInterface(noise);
      findHostInterface(Uint8Array.from([42, 120, 0, 0, 0x40, ...noise]));
    }),
  );
});
