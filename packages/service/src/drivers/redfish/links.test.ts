import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { linksAt, pathAt } from './links.ts';

const ORIGIN = 'https://bmc.example:8443';

test('paths and absolute links of the BMC itself pass', () => {
  assert.equal(pathAt(ORIGIN, '/redfish/v1/Systems/1'), '/redfish/v1/Systems/1');
  assert.equal(pathAt(ORIGIN, `${ORIGIN}/redfish/v1/x?y=1`), '/redfish/v1/x?y=1');
});

for (const link of [
  '//evil/x',
  '/\\evil/x',
  'https://bmc.example/x',
  'http://bmc.example:8443/x',
  'https://bmc.example:8443@evil/x',
  '/a b',
  `/${'a'.repeat(2_000)}`,
  'javascript:x',
]) {
  test(`${link.slice(0, 40)} does not`, () => {
    assert.throws(() => pathAt(ORIGIN, link), { code: 'bmc.protocol' });
  });
}

test('whatever a BMC writes, the result is a path of the BMC or a failure', () => {
  const pieces = fc.constantFrom(
    '/',
    '\\',
    ':',
    '@',
    'evil',
    '.',
    '..',
    '?',
    '#',
    'https:',
    '%2f',
    ' ',
    '\t',
  );
  const links = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.array(pieces).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(links, (link) => {
      const path = pathOrNothing(link);
      return path === undefined || new URL(`${ORIGIN}${path}`).origin === ORIGIN;
    }),
    { numRuns: 2_000 },
  );
});

test('members without a link are left out, too many members are refused', () => {
  const member = { '@odata.id': '/redfish/v1/Systems/1' };

  assert.deepEqual(linksAt(ORIGIN, { Members: [member, {}, null, 'x'] }, 'Members'), [
    '/redfish/v1/Systems/1',
  ]);
  assert.throws(
    () => linksAt(ORIGIN, { Members: Array.from({ length: 257 }, () => member) }, 'Members'),
    {
      code: 'bmc.protocol',
    },
  );
});

const pathOrNothing = (link: string): string | undefined => {
  try {
    return pathAt(ORIGIN, link);
  } catch {
    return undefined;
  }
};
