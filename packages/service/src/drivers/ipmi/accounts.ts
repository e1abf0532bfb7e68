// The door to the accounts of a BMC over IPMI. Every call is one session, opened as administrator with the credential
// that it was given.

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { Credential } from '#trust/secret-store/secret-store';

import type { BmcAccountDoor } from '../bmc-accounts.ts';
import type { LoginBudget } from '../login-budget.ts';
import type { IpmiAccess } from './access.ts';
import { disableUser } from './accounts/disable-user.ts';
import { passwordSize } from './accounts/password-size.ts';
import { hasSuiteZero } from './accounts/suite-zero.ts';
import { setUser } from './accounts/set-user.ts';
import { accountOf, ANONYMOUS_ID, fetchUserTable } from './accounts/user-table.ts';
import type { IpmiBmcs } from './bmcs.ts';
import { PASSWORD_BYTES_MAX } from './client.ts';
import { THIS_CHANNEL } from './commands/channel.ts';
import { chassisStatus } from './commands/chassis.ts';
import { getUserAccess } from './commands/users.ts';
import type { IpmiSession } from './session.ts';

export type IpmiAccountDoorParts = {
  readonly bmcs: IpmiBmcs;
  /** The node's BMC, logged in to as administrator, and as somebody else than driver_info says. */
  readonly accessOf: (node: NodeRecord, as: Credential) => IpmiAccess;
  readonly budget: LoginBudget;
};

export const makeIpmiAccountDoor = (parts: IpmiAccountDoorParts): BmcAccountDoor => {
  const within = async <T>(
    node: NodeRecord,
    as: Credential,
    work: (session: IpmiSession) => Promise<T>,
  ): Promise<T> => {
    passwordSize(as.password);
    return parts.bmcs.run(parts.accessOf(node, as), work);
  };

  return {
    protocol: 'ipmi',
    // A session for administrators is the proof; what is read in it shows that the session is of use.
    proveLogin: (node, as) =>
      within(node, as, async (session) => {
        await session.run(chassisStatus());
        await session.run(getUserAccess(THIS_CHANNEL, ANONYMOUS_ID));
      }),
    fetchLimits: (node, as) =>
      within(node, as, async (session) => {
        const { userCountMax } = await session.run(getUserAccess(THIS_CHANNEL, ANONYMOUS_ID));
        return { lengthMaxBytes: PASSWORD_BYTES_MAX, accountsMax: userCountMax };
      }),
    list: (node, as) =>
      within(node, as, async (session) => (await fetchUserTable(session)).users.map(accountOf)),
    set: (node, as, wish) =>
      within(node, as, async (session) => {
        const { username, password } = wish.credential;
        const isOwn = username === as.username;
        const id = await setUser(session, wish, { isOwn });
        const { origin } = parts.accessOf(node, as);
        parts.budget.notePasswordSet({ origin, username, password: password.reveal() });
        return String(id);
      }),
    fetchExposure: (node, as) =>
      within(node, as, async (session) => ({ hasSuiteZero: await hasSuiteZero(session) })),
    disable: (node, as, id) => within(node, as, (session) => disableUser(session, id, as.username)),
  };
};
