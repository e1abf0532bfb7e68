// Taking the use of a user away. Not all BMCs tell whether a user is enabled; there its access is taken too.

import { Failure } from '@bessemer/protocol/errors/failure';

import { setUserEnabled } from '../commands/user-password.ts';
import { setUserAccess } from '../commands/users.ts';
import type { IpmiSession } from '../session.ts';
import { ifThere } from './lan-channels.ts';
import {
  ANONYMOUS_ID,
  fetchUser,
  fetchUserTable,
  isUserEnabled,
  type IpmiUser,
} from './user-table.ts';

const NO_ACCESS = {
  isCallbackOnly: false,
  hasLinkAuthentication: false,
  hasIpmiMessaging: false,
  privilegeLimit: 'none',
} as const;

export const disableUser = async (
  session: IpmiSession,
  id: string,
  ownName: string,
): Promise<void> => {
  const { channels, users } = await fetchUserTable(session);
  const user = users.find((each) => String(each.id) === id);
  if (user === undefined || isUserEnabled(user) === false) return;
  // Of several of that name a BMC lets in the first.
  if (user.id === users.find((each) => each.name === ownName)?.id) {
    throw cannot(user, `"${ownName}" would lock itself out of the BMC`);
  }
  const isTaken =
    (await ifThere(session.run(setUserEnabled(user.id, false)).then(() => true))) ?? false;
  if (isTaken && isUserEnabled(await fetchUser(session, channels, user.id)) === false) return;
  if (user.id !== ANONYMOUS_ID) {
    for (const channel of channels) {
      await ifThere(session.run(setUserAccess(channel, user.id, NO_ACCESS)));
    }
  }
  const read = await fetchUser(session, channels, user.id);
  const isWithout = [...read.accesses.values()].every((each) => each.privilegeLimit === 'none');
  if (isUserEnabled(read) === false || isWithout) return;
  throw cannot(user, `The BMC does not let user ${user.id} be disabled`);
};

const cannot = (user: IpmiUser, text: string): Failure =>
  new Failure('bmc.account-fixed', text, { details: { username: user.name, id: user.id } });
