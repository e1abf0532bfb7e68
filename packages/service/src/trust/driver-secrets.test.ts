import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import * as fc from 'fast-check';

import type { JsonObject } from '@bessemer/protocol/json';
import { maskDriverInfo } from '@bessemer/protocol/node/mask';

import { keepDriverInfo, openDriverInfo } from './driver-secrets.ts';
import { makeKeyRing } from './key-ring.ts';

const KEYS = makeKeyRing(new Map([['kek-1', randomBytes(32)]]));
const NODE = '1be26c0b-03f2-4d2e-ae87-c02d7f33c123';

const keep = (given: JsonObject, before?: ReturnType<typeof keepDriverInfo>) =>
  keepDriverInfo(KEYS, NODE, given, before);
const open = (kept: ReturnType<typeof keepDriverInfo>) =>
  openDriverInfo(KEYS, { uuid: NODE, ...kept });

test('what is kept shows no secret and opens to what was given', () => {
  const given: JsonObject = {
    redfish_address: 'https://bmc',
    redfish_password: 'hunter2',
    snmp_priv_key: 'hunter3',
    nested: [{ 'a/b~c_token': { deep: ['hunter4'] } }, 'call --password hunter5 now'],
  };

  const kept = keep(given);

  assert.doesNotMatch(JSON.stringify(kept), /hunter/);
  assert.equal(kept.driverInfo['redfish_password'], '******');
  assert.deepEqual(open(kept), given);
});

test('without secrets nothing is sealed', () => {
  assert.equal(keep({ redfish_address: 'https://bmc' }).driverSecrets, null);
});

test('a mask that is written back keeps the secret, another value replaces it, removal forgets it', () => {
  const before = keep({ redfish_password: 'old', ipmi_password: 'other', note: 'password = x' });

  const kept = keep({ ...before.driverInfo, ipmi_password: 'new', port: 1 }, before);
  const removed = keep({ note: before.driverInfo['note'] ?? null }, before);

  assert.deepEqual(open(kept), {
    redfish_password: 'old',
    ipmi_password: 'new',
    note: 'password = x',
    port: 1,
  });
  assert.deepEqual(open(removed), { note: 'password = x' });
});

test('a mask where there was no secret is a value like any other', () => {
  assert.deepEqual(open(keep({ redfish_password: '******' })), { redfish_password: '******' });
});

test('a secret in a list goes to no other place of the list', () => {
  const doors = [
    { host: 'a', password: 'of a' },
    { host: 'b', password: 'of b' },
  ];
  const before = keep({ doors });
  const [a, b] = before.driverInfo['doors'] as [JsonObject, JsonObject];
  const c = { host: 'c', password: 'of c' };

  const more = keep({ doors: [a, b, c], port: 1 }, before);
  const anew = keep({ doors: [c, ...doors] }, before);

  assert.deepEqual(open(more), { doors: [...doors, c], port: 1 });
  assert.deepEqual(open(anew), { doors: [c, ...doors] });
  for (const moved of [[b], [a], [b, a], [c, a, b], [{ ...a, host: 'evil' }, b]]) {
    assert.throws(
      () => keep({ doors: moved }, before),
      /driver_info\/doors\/[01]\/password: .*give the secrets of the list again/,
    );
  }
});

test('secrets do not open for another node', () => {
  const kept = keep({ redfish_password: 'hunter2' });

  assert.throws(() => openDriverInfo(KEYS, { uuid: 'another', ...kept }));
});

test('any driver_info comes back whole, and only its masked form is kept in clear', () => {
  const key = fc.oneof(
    fc.constantFrom('password', 'x_token', 'a/b', '~0', 'redfish_secret', 'plain', 'snmp_auth_key'),
    fc.string({ minLength: 1 }).filter((each) => each !== '__proto__'),
  );
  const { tree } = fc.letrec((tie) => ({
    leaf: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    tree: fc.oneof(
      { depthSize: 'small' },
      tie('leaf'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, tree, { maxKeys: 5, noNullPrototype: true }), (given) => {
      const driverInfo = given as JsonObject;

      const kept = keep(driverInfo);

      assert.deepEqual(kept.driverInfo, maskDriverInfo(driverInfo));
      assert.deepEqual(open(kept), driverInfo);
      assert.deepEqual(open(keep(kept.driverInfo, kept)), driverInfo);
    }),
  );
});
