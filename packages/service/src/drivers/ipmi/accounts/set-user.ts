// Bringing a user of a BMC to what it is to be. Always in this order, because some BMCs want name and password before
// they enable a user, and others the privilege before the access: name, password, privilege, access, enable. Then all
// of it is read back. Of the own account only the password is changed, and nothing is looked at after it: some BMCs
// end the session with the password that it was opened with.

import { Failure } from '@bessemer/protocol/errors/failure';

import { afterPassword } from '../../after-password.ts';
import type { BmcAccountWish } from '../../bmc-accounts.ts';
import { setUserEnabled, setUserPassword } from '../commands/user-password.ts';
import { setUserAccess, setUserName, type UserAccess } from '../commands/users.ts';
import { IpmiFailure } from '../failures.ts';
import type { IpmiSession } from '../session.ts';
import { ifThere } from './lan-channels.ts';
import { passwordSize } from './password-size.ts';
import {
  ANONYMOUS_ID,
  fetchUser,
  fetchUserTable,
  isUserEnabled,
  type IpmiUser,
  type UserTable,
} from './user-table.ts';

/** Answers with the number of the user. */
export const setUser = async (
  session: IpmiSession,
  wish: BmcAccountWish,
  { isOwn }: { readonly isOwn: boolean },
): Promise<number> => {
  const { username, password } = wish.credential;
  const sizeBytes = passwordSize(password);
  const table = await fetchUserTable(session);
  const user = userFor(table, wish);
  if (!isOwn) await nameUser(session, user, username);
  await asPolicy(session.run(setUserPassword(user.id, password, sizeBytes)), username);
  if (isOwn) return user.id;
  await afterPassword(async () => {
    for (const channel of table.channels) await grant(session, user, channel, table.channels[0]);
    if (isUserEnabled(user) !== true) await session.run(setUserEnabled(user.id, true));
    await requireAsWished(session, table, user.id, username);
  });
  return user.id;
};

const userFor = ({ users }: UserTable, { id, credential }: BmcAccountWish): IpmiUser => {
  const { username } = credential;
  const ofName = users.filter((each) => each.name === username);
  const named = ofName.find((each) => String(each.id) === id) ?? ofName[0];
  // Some BMCs keep an account of their maker there.
  if (named?.id === ANONYMOUS_ID) {
    throw fixed(
      username,
      `"${username}" is user ${ANONYMOUS_ID} of the BMC, which is not changed.`,
    );
  }
  const empty = users.filter((each) => each.name === '' && !each.isNameFixed);
  const user = named ?? empty.find((each) => String(each.id) === id) ?? empty[0];
  if (user !== undefined) return user;
  throw new Failure(
    'bmc.accounts-full',
    `The BMC has no free place for the user "${username}" among its ${users.length}`,
    { details: { username } },
  );
};

const fixed = (username: string, text: string, cause?: unknown): Failure =>
  new Failure('bmc.account-fixed', text, { details: { username }, cause });

/** Some BMCs refuse a name that is there already, be it in the same place. */
const nameUser = async (session: IpmiSession, user: IpmiUser, username: string): Promise<void> => {
  if (user.name === username) return;
  const text = `The name of user ${user.id} of the BMC cannot be changed.`;
  if (user.isNameFixed) throw fixed(username, text);
  try {
    await session.run(setUserName(user.id, username));
  } catch (error) {
    throw isRefused(error) ? fixed(username, text, error) : error;
  }
};

const isRefused = (error: unknown): error is IpmiFailure =>
  error instanceof IpmiFailure && error.trouble === 'command-refused';

const asPolicy = async (setting: Promise<void>, username: string): Promise<void> => {
  try {
    await setting;
  } catch (error) {
    if (!isRefused(error)) throw error;
    throw new Failure(
      'bmc.password-policy',
      `The BMC refuses the password of "${username}". ${error.message}`,
      { cause: error, details: { ...error.details, username } },
    );
  }
};

const isGranted = (access: UserAccess | undefined): boolean =>
  access?.privilegeLimit === 'administrator' && access.hasIpmiMessaging && !access.isCallbackOnly;

const grant = async (
  session: IpmiSession,
  user: IpmiUser,
  channel: number,
  ownChannel: number,
): Promise<void> => {
  const access = user.accesses.get(channel);
  if (isGranted(access)) return;
  const step = (hasIpmiMessaging: boolean): Promise<void> =>
    session.run(
      setUserAccess(channel, user.id, {
        isCallbackOnly: false,
        hasLinkAuthentication: access?.hasLinkAuthentication ?? false,
        hasIpmiMessaging,
        privilegeLimit: 'administrator',
      }),
    );
  const both = async (): Promise<void> => {
    await step(access?.hasIpmiMessaging ?? false);
    await step(true);
  };
  // A channel that is switched off may refuse; the one that is in use may not.
  await (channel === ownChannel ? both() : ifThere(both()));
};

const requireAsWished = async (
  session: IpmiSession,
  { channels: [own] }: UserTable,
  id: number,
  username: string,
): Promise<void> => {
  const user = await fetchUser(session, [own], id);
  const isDone =
    user.name === username && isGranted(user.accesses.get(own)) && isUserEnabled(user) !== false;
  if (isDone) return;
  throw new Failure(
    'bmc.refused',
    `The BMC accepted the user "${username}" and did not give it name, privilege or access`,
    { details: { username } },
  );
};
