import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { VifHolder } from '#store/vifs';

import type { PortRecord } from '@bessemer/protocol/port/record';
import type { PortgroupRecord } from '@bessemer/protocol/portgroup/record';

import { freeVifHolder } from './free-vif-holder.ts';

const TAKEN = { tenant_vif_port_id: 'somebody' };

const port = (uuid: string, more: object = {}): VifHolder => {
  const record = {
    uuid,
    portgroupUuid: null,
    physicalNetwork: null,
    pxeEnabled: true,
    internalInfo: {},
    ...more,
  };
  return { kind: 'port', record: record as unknown as PortRecord };
};
const group = (uuid: string, more: object = {}): VifHolder => {
  const record = { uuid, physicalNetwork: null, internalInfo: {}, ...more };
  return { kind: 'portgroup', record: record as unknown as PortgroupRecord };
};
const member = { portgroupUuid: 'g' };

const CASES: readonly (readonly [string, readonly VifHolder[], string | undefined])[] = [
  ['nothing', [], undefined],
  ['the oldest of equals', [port('a'), port('b')], 'a'],
  ['one that is free', [port('a', { internalInfo: TAKEN }), port('b')], 'b'],
  ['no member of a group', [port('a', { portgroupUuid: 'other' })], undefined],
  ['one that boots', [port('a', { pxeEnabled: false }), port('b')], 'b'],
  ['a group before ports', [port('a'), port('m', member), group('g')], 'g'],
  ['no group without ports', [group('g')], undefined],
  [
    'no group of which a member is in use',
    [port('a'), port('m', { ...member, internalInfo: TAKEN }), group('g')],
    'a',
  ],
  ['no group in use', [port('a'), port('m', member), group('g', { internalInfo: TAKEN })], 'a'],
  [
    'a port in a physical network before a group without',
    [port('m', member), port('a', { physicalNetwork: 'p', pxeEnabled: false }), group('g')],
    'a',
  ],
  [
    'a group whose members are in a physical network',
    [
      port('m', { ...member, physicalNetwork: 'p' }),
      port('a', { physicalNetwork: 'p' }),
      group('g'),
    ],
    'g',
  ],
];

for (const [what, holders, expected] of CASES) {
  test(`a VIF goes to ${what}`, () => {
    assert.equal(freeVifHolder(holders)?.record.uuid, expected);
  });
}

test('a VIF goes where it is asked to go, or nowhere', () => {
  const holders = [port('a'), port('b'), port('m', member), group('g')];

  const asked = [
    freeVifHolder(holders, { portUuid: 'b' }),
    freeVifHolder(holders, { portgroupUuid: 'g' }),
    freeVifHolder(holders, { portUuid: 'g' }),
    freeVifHolder(holders, { portUuid: 'm' }),
    freeVifHolder(holders, { portgroupUuid: 'a' }),
  ];

  assert.deepEqual(
    asked.map((holder) => holder?.record.uuid),
    ['b', 'g', undefined, undefined, undefined],
  );
});
