// One guess per account that can log in and whose password the service did not draw. A guess is a refused login where
// all is well, so it is made by one protocol only, and not at all when the budget of logins has nothing left.

import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import { isChangeDemanded } from '#drivers/change-demanded';
import { Secret } from '#trust/secret';
import type { Credential } from '#trust/secret-store/secret-store';

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';

import { isUsable, type SeenAccount } from './account-items.ts';
import type { PostureQuestion } from './posture-question.ts';
import { likelyPassword } from './factory-passwords.ts';
import type { PostureGap } from './posture-item.ts';

export type Guessed = { readonly username: string; readonly isEmpty: boolean };

/** A BMC has room for 16 or so; a list that is longer is hostile. */
const GUESSES_MAX = 32;
/** The BMC let it in, and then did not let it do what administrators may. */
const LET_IN: readonly FailureCode[] = ['bmc.refused'];

export const tryFactoryPasswords = async (
  question: PostureQuestion,
  accounts: readonly SeenAccount[],
  gaps: PostureGap[],
): Promise<readonly Guessed[]> => {
  const { node, doors, as, ownNames, manufacturer } = question;
  const prove = question.prove ?? ((door, guess) => door.proveLogin(node, guess));
  const usable = accounts.filter((each) => isUsable(each) && each.isLocked !== true);
  const names = [...new Set(usable.map((each) => each.username))].filter(
    (each) => each !== '' && !ownNames.includes(each),
  );
  const found: Guessed[] = [];
  for (const username of names.slice(0, GUESSES_MAX)) {
    const password = likelyPassword(username, manufacturer);
    const protocol = usable.find((each) => each.username === username)?.protocol;
    const door = doors.find((each) => each.protocol === protocol);
    if (door === undefined) continue;
    const guessed = { username, isEmpty: password === '' };
    if (username === as.username) {
      // Its password is known: no login is spent on it.
      if (as.password.reveal() === password) found.push(guessed);
      continue;
    }
    const outcome = await isLetIn(() => prove(door, credentialOf(username, password)));
    if (outcome === true) found.push(guessed);
    if (outcome instanceof Failure) gaps.push(gapOf(door, outcome));
  }
  return found;
};

const credentialOf = (username: string, password: string): Credential => ({
  username,
  password: new Secret(password),
});

const gapOf = ({ protocol }: BmcAccountDoor, { code, message }: Failure): PostureGap => ({
  protocol,
  what: 'passwords',
  code,
  text: message,
});

/** The failure where it cannot be said. */
const isLetIn = async (login: () => Promise<void>): Promise<boolean | Failure> => {
  try {
    await login();
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (LET_IN.includes(error.code) || isChangeDemanded(error)) return true;
    return error.code === 'bmc.credentials' ? false : error;
  }
};
