import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  chooseRootDisk,
  type HintedDisk,
  InvalidHint,
  matchesHints,
  parseRootDeviceHints,
  ROOT_DEVICE_HINTS,
} from './root-device-hints.ts';

const GIB = 1024 ** 3;

/** The disk of the contract: 447.13 GiB. */
const SSD: HintedDisk = {
  name: '/dev/sda',
  model: 'INTEL SSDSC2BB48',
  size: 480_103_981_056,
  rotational: false,
  wwn: ['0x55cd2e414d3b7a2c', '0x1'],
  serial: 'BTWA604602P8480FGN',
  vendor: 'ATA',
  hctl: '0:0:0:0',
  tran: 'sata',
};

for (const hints of [
  { size: '>= 60', rotational: false },
  { vendor: '<or> samsung <or> ata' },
  { model: '<in> ssd' },
  { size: '= 100' },
  { size: '!= 447' },
  { serial: 's== btwa604602p8480fgn' },
  { serial: ' BTWA604602P8480FGN ' },
  { wwn: '0x1' },
  { name: '/dev/sda', tran: 'SATA' },
  { serial: 's>= b' },
  { rotational: 'False' },
  {},
]) {
  test(`${JSON.stringify(hints)} matches the disk of the contract`, () => {
    assert.ok(matchesHints(SSD, parseRootDeviceHints(hints)));
  });
}

for (const hints of [
  { size: 447 },
  { model: 'intel' },
  { vendor: '<or> samsung <or> at' },
  { size: '<= 100' },
  { serial: 's!= btwa604602p8480fgn' },
  { by_path: '/dev/disk/by-path/x' },
  { rotational: true },
  { size: '>= 60', rotational: true },
]) {
  test(`${JSON.stringify(hints)} does not match the disk of the contract`, () => {
    assert.equal(matchesHints(SSD, parseRootDeviceHints(hints)), false);
  });
}

for (const hints of [
  { nonesuch: 'x' },
  { size: 0 },
  { size: -1 },
  { size: '1.5' },
  { size: '' },
  { model: '' },
  { model: '<or> ' },
  { model: 's== ' },
  { rotational: 'maybe' },
  { model: { a: 1 } },
  { __proto__x: 'y' },
]) {
  test(`${JSON.stringify(hints)} is invalid`, () => {
    assert.throws(() => parseRootDeviceHints(hints), InvalidHint);
  });
}

test('any value of any hint is either parsed or refused as invalid', () => {
  const values = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  fc.assert(
    fc.property(fc.constantFrom(...ROOT_DEVICE_HINTS), values, (hint, value) => {
      try {
        matchesHints(SSD, parseRootDeviceHints({ [hint]: value }));
      } catch (error) {
        assert.ok(error instanceof InvalidHint);
      }
    }),
  );
});

test('a text compared with itself matches whatever its case and blanks', () => {
  const words = fc.string({ minLength: 1 }).filter((text) => /^[a-z0-9]/i.test(text.trim()));
  fc.assert(
    fc.property(words, (text) => {
      const disk = { ...SSD, model: text };
      const isOperator = /^s(==|!=|>=|>|<=|<) /.test(text.trim().toLowerCase());
      fc.pre(!isOperator);

      assert.ok(
        matchesHints(disk, parseRootDeviceHints({ model: ` ${text.toUpperCase()} ` })) ||
          text.toUpperCase().toLowerCase() !== text.toLowerCase(),
      );
    }),
  );
});

test('for any size exactly one of smaller, equal and larger holds', () => {
  const sizes = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 * GIB }), sizes, (bytes, gib) => {
      const disk = { ...SSD, size: bytes };
      const holds = ['<', '==', '>'].filter((operator) =>
        matchesHints(disk, parseRootDeviceHints({ size: `${operator} ${gib}` })),
      );

      assert.equal(holds.length, 1);
    }),
  );
});

test('without hints the smallest disk of enough room is chosen, ties by name', () => {
  const disk = (name: string, gib: number): HintedDisk => ({ ...SSD, name, size: gib * GIB });
  const disks = [disk('/dev/sdc', 10), disk('/dev/sda', 3), disk('/dev/sdb', 10)];

  assert.equal(chooseRootDisk(disks, null)?.name, '/dev/sdb');
  assert.equal(chooseRootDisk(disks, {})?.name, '/dev/sdb');
  assert.equal(chooseRootDisk(disks, { size: 3 })?.name, '/dev/sda');
  assert.equal(chooseRootDisk(disks, { serial: 'x' }), undefined);
});
