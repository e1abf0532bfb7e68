import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from '../json.ts';
import { LOGICAL_DISK_PROPERTIES, raidObjection } from './target-config.ts';

const DISK = { raid_level: '1', size_gb: 100 };
const config = (...disks: JsonObject[]): JsonObject => ({ logical_disks: disks });

test('what controllers can be told is taken', () => {
  const whole = {
    ...DISK,
    size_gb: 'MAX',
    volume_name: 'v',
    is_root_volume: true,
    share_physical_disks: false,
    disk_type: 'ssd',
    interface_type: 'sas',
    number_of_physical_disks: 2,
    controller: 'software',
    physical_disks: ['a', { size: '> 100' }],
  };

  assert.equal(raidObjection(config(whole, DISK)), undefined);
  assert.equal(raidObjection(config()), undefined);
  assert.deepEqual(Object.keys(whole).sort(), Object.keys(LOGICAL_DISK_PROPERTIES).sort());
});

test('what is wrong is named', () => {
  const cases: readonly (readonly [JsonObject, RegExp])[] = [
    [{}, /'logical_disks' is a required property/],
    [{ ...config(DISK), more: 1 }, /'more' was unexpected/],
    [{ logical_disks: {} }, /not of type 'array'/],
    [config({ size_gb: 1 }), /'raid_level' is a required property/],
    [config({ raid_level: '1' }), /'size_gb' is a required property/],
    [config({ ...DISK, raid_level: '7' }), /raid_level: "7" is not one of/],
    [config({ ...DISK, size_gb: 0 }), /size_gb/],
    [config({ ...DISK, size_gb: 1.5 }), /size_gb/],
    [config({ ...DISK, is_root_volume: 'yes' }), /is_root_volume/],
    [config({ ...DISK, constructor: 1 }), /'constructor' was unexpected/],
    [config({ ...DISK, physical_disks: ['a'] }), /'controller' is a dependency/],
    [
      config({ ...DISK, is_root_volume: true }, { ...DISK, is_root_volume: true }),
      /more than one root volume/,
    ],
  ];

  for (const [given, words] of cases) assert.match(raidObjection(given) ?? '', words);
});
