import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BREAK_GLASS_FORMAT, readBreakGlassContent } from './break-glass-content.ts';

const CONTENT = {
  format: BREAK_GLASS_FORMAT,
  node: { uuid: '6f2e0f0a-0000-4000-8000-000000000001', name: 'rack4-slot2' },
  addresses: { redfish: 'https://192.0.2.7', ipmi: '192.0.2.7:623' },
  protocols: ['redfish', 'ipmi'],
  username: 'bsmr-a',
  password: 'v.PV3vxEYTQySwL2',
  writeId: 'w-1',
  sealedAt: '2026-01-02T03:04:05.000Z',
};

const read = (more: object): unknown =>
  readBreakGlassContent(JSON.stringify({ ...CONTENT, ...more }));

test('what was sealed is read', () => {
  assert.deepEqual(read({}), CONTENT);
});

test('a node without a name has none', () => {
  const node = { ...CONTENT.node, name: null };

  assert.deepEqual(read({ node }), { ...CONTENT, node });
});

test('what nobody knows yet is left out', () => {
  assert.deepEqual(read({ addresses: { ...CONTENT.addresses, serial: '9600' }, more: 1 }), CONTENT);
});

const ESCAPE = String.fromCodePoint(27);

const WRONG: { readonly [what: string]: object } = {
  'of another format': { format: 'bessemer-break-glass/2' },
  'without a password': { password: '' },
  'with an uuid that leads elsewhere in an address': {
    node: { uuid: '../../v1/nodes/x?', name: null },
  },
  'with a user name that steers a terminal': { username: `${ESCAPE}[2Jroot` },
  'with a password of two lines': { password: 'one\ntwo' },
  'with text that runs backwards': { username: `${String.fromCodePoint(0x202e)}toor` },
  'with an endless user name': { username: 'x'.repeat(501) },
  'with a node that is a text': { node: 'rack4' },
};

for (const [what, more] of Object.entries(WRONG)) {
  test(`content ${what} is none`, () => {
    assert.equal(read(more), undefined);
  });
}

test('a name or an address that steers a terminal is left out', () => {
  const name = `rack${ESCAPE}[2J`;

  const found = read({ node: { ...CONTENT.node, name }, addresses: { redfish: name } });

  assert.deepEqual(found, { ...CONTENT, node: { ...CONTENT.node, name: null }, addresses: {} });
});

for (const text of ['', 'null', '[]', '{', '"text"']) {
  test(`${JSON.stringify(text)} is no content`, () => {
    assert.equal(readBreakGlassContent(text), undefined);
  });
}
