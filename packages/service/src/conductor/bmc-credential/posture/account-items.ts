// Accounts that should not be there, or not so. An account that several protocols show is one.

import type { BmcAccount, BmcProtocol } from '#drivers/bmc-accounts';

import type { PostureQuestion } from './posture-question.ts';
import type { AccountPlace, PostureFix, PostureItem } from './posture-item.ts';
import type { Guessed } from './try-factory-passwords.ts';

export type SeenAccount = BmcAccount & { readonly protocol: BmcProtocol };

const ANONYMOUS_ID = '1';

type Names = Pick<PostureQuestion, 'as' | 'ownNames' | 'ownPlaces' | 'foreignNames' | 'isSurveyed'>;

export const accountItems = (
  names: Names,
  accounts: readonly SeenAccount[],
  guessed: readonly Guessed[],
): readonly PostureItem[] => [
  ...anonymousItems(accounts),
  ...guessed.map((each) => guessedItem(names, accounts, each)),
  ...unexpectedNames(names, accounts).map((username) => unexpectedItem(names, accounts, username)),
  ...twinItems(names, accounts),
];

/** Where a BMC does not tell whether an account is enabled, a disabled one has no privilege. */
export const isUsable = ({ isEnabled, privilege }: BmcAccount): boolean =>
  isEnabled !== false && privilege !== 'none';

const placesOf = (accounts: readonly SeenAccount[]): readonly AccountPlace[] =>
  accounts.map(({ protocol, id }) => ({ protocol, id }));

const disabling = (accounts: readonly SeenAccount[]): PostureFix => ({
  kind: 'disable-account',
  places: placesOf(accounts.filter(isUsable)),
});

const named = (accounts: readonly SeenAccount[], username: string): readonly SeenAccount[] =>
  accounts.filter((each) => each.username === username);

const unexpectedNames = (
  { as, ownNames, foreignNames }: Names,
  accounts: readonly SeenAccount[],
): readonly string[] => {
  const known = new Set(['', as.username, ...ownNames, ...foreignNames]);
  return [...new Set(accounts.filter(isUsable).map((each) => each.username))].filter(
    (username) => !known.has(username),
  );
};

const unexpectedItem = (
  { isSurveyed }: Names,
  accounts: readonly SeenAccount[],
  username: string,
): PostureItem => ({
  kind: 'unexpected-account',
  severity: 'high',
  text: `The BMC has the account "${username}", which is neither ours nor known.`,
  remedy: 'Disable it, or name it among the accounts of others that may be there.',
  username,
  // Before the service has taken the BMC over all accounts are of others, and they are in use.
  fix: isSurveyed === false ? null : disabling(named(accounts, username)),
});

/** Whoever was root of the machine can have given an account of their own a name that nobody wonders at. */
const twinItems = (names: Names, accounts: readonly SeenAccount[]): readonly PostureItem[] => {
  const strangers = unexpectedNames(names, accounts);
  const known = accounts.filter(isUsable).filter(({ username }) => username !== '');
  const isOwn = (account: SeenAccount): boolean =>
    names.ownPlaces?.some(
      ({ protocol, id }) => protocol === account.protocol && id === account.id,
    ) === true;
  const groups = new Map<string, SeenAccount[]>();
  for (const each of known.filter(({ username }) => !strangers.includes(username))) {
    const key = `${each.protocol} ${each.username}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => twinItem(group, group.some(isOwn) ? group.filter((each) => !isOwn(each)) : []));
};

const twinItem = (group: readonly SeenAccount[], others: readonly SeenAccount[]): PostureItem => ({
  kind: 'unexpected-account',
  severity: 'high',
  text: `The BMC has ${group.length} accounts of the name "${group[0]?.username ?? ''}".`,
  remedy: 'Remove those that are not the one that is known.',
  username: group[0]?.username ?? null,
  // Which one is known is not told: a person has to look.
  fix: others.length === 0 ? null : disabling(others),
});

/** User 1 of IPMI: whoever gives no name. */
const anonymousItems = (accounts: readonly SeenAccount[]): readonly PostureItem[] =>
  accounts
    .filter(({ protocol, id }) => protocol === 'ipmi' && id === ANONYMOUS_ID)
    // With a name it is an account like others.
    .filter((each) => each.username === '' && each.isEnabled === true)
    .filter(({ privilege }) => privilege !== 'none')
    .map((each) => ({
      kind: 'anonymous-user',
      severity: 'critical',
      text: 'User 1 of IPMI is enabled: whoever gives no name may log in as it.',
      remedy: 'Disable user 1.',
      username: each.username,
      fix: disabling([each]),
    }));

const guessedItem = (
  { as, foreignNames }: Names,
  accounts: readonly SeenAccount[],
  { username, isEmpty }: Guessed,
): PostureItem => {
  const isNeeded = username === as.username || foreignNames.includes(username);
  return {
    kind: isEmpty ? 'empty-password' : 'default-password',
    severity: 'critical',
    text: isEmpty
      ? `The BMC lets "${username}" in without a password.`
      : `The BMC lets "${username}" in with the password that its maker gave it.`,
    remedy: isNeeded ? 'Change its password.' : 'Disable it, or change its password.',
    username,
    // Somebody may depend on it: who that is decides.
    fix: isNeeded ? null : disabling(named(accounts, username)),
  };
};
