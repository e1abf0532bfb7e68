import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Secret } from '#trust/secret';

import { accountItems, type SeenAccount } from './account-items.ts';
import { likelyPassword } from './factory-passwords.ts';

const seen = (more: Partial<SeenAccount>): SeenAccount => ({
  protocol: 'ipmi',
  id: '2',
  username: 'ours',
  isEnabled: true,
  isLocked: null,
  privilege: 'administrator',
  isNameFixed: false,
  ...more,
});

const NAMES = {
  as: { username: 'ours', password: new Secret('x') },
  ownNames: ['ours', 'ours-too'],
  foreignNames: ['theirs'],
};

const kindsFor = (...accounts: readonly Partial<SeenAccount>[]): readonly string[] =>
  accountItems(NAMES, accounts.map(seen), []).map((each) => each.kind);

for (const [sentence, account, kinds] of [
  ['an own account', {}, []],
  ['the other own account', { username: 'ours-too' }, []],
  ['an account of others that may be there', { username: 'theirs' }, []],
  ['a place that nobody has', { username: '', privilege: 'none' }, []],
  ['an account that nobody knows', { username: 'planted' }, ['unexpected-account']],
  ['the same, disabled', { username: 'planted', isEnabled: false }, []],
  ['the same, without any access', { username: 'planted', privilege: 'none' }, []],
  [
    'the same, where the BMC does not tell',
    { username: 'planted', isEnabled: null },
    ['unexpected-account'],
  ],
  ['user 1 without a name', { id: '1', username: '' }, ['anonymous-user']],
  ['the same, where the BMC does not tell', { id: '1', username: '', isEnabled: null }, []],
  ['user 1 with a name', { id: '1', username: 'root' }, ['unexpected-account']],
  ['account 1 of Redfish', { id: '1', username: '', protocol: 'redfish' }, []],
] as const) {
  test(`${sentence}: ${kinds.length === 0 ? 'nothing' : kinds.join(', ')}`, () => {
    assert.deepEqual(kindsFor(account), kinds);
  });
}

test('an unknown account is disabled wherever it is usable', () => {
  const [item] = accountItems(
    NAMES,
    [
      seen({ username: 'planted', id: '/a/3', protocol: 'redfish' }),
      seen({ username: 'planted', id: '3' }),
      seen({ username: 'planted', id: '4', isEnabled: false }),
    ],
    [],
  );

  assert.deepEqual(item?.fix, {
    kind: 'disable-account',
    places: [
      { protocol: 'redfish', id: '/a/3' },
      { protocol: 'ipmi', id: '3' },
    ],
  });
});

for (const [username, fixable] of [
  ['ours', false],
  ['theirs', false],
  ['planted', true],
] as const) {
  test(`a guessed password of "${username}" ${fixable ? 'can' : 'cannot'} be mended by disabling it`, () => {
    const items = accountItems(NAMES, [seen({ username })], [{ username, isEmpty: false }]);

    const item = items.find((each) => each.kind === 'default-password');
    assert.equal(item?.fix !== null, fixable);
  });
}

for (const [username, manufacturer, password] of [
  ['root', 'Dell Inc.', 'calvin'],
  ['root', 'Oracle Corporation', 'changeme'],
  ['root', null, '0penBmc'],
  ['ADMIN', 'Supermicro', 'ADMIN'],
  ['somebody', 'Dell Inc.', ''],
] as const) {
  test(`"${username}" of ${manufacturer ?? 'an unknown maker'} is tried with "${password}"`, () => {
    assert.equal(likelyPassword(username, manufacturer), password);
  });
}
