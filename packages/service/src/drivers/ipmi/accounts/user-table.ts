// The users of a BMC, on all channels that are reached over the network.

import type { BmcAccount, BmcAccountPrivilege } from '../../bmc-accounts.ts';
import { getUserAccess, getUserName, type UserAccess } from '../commands/users.ts';
import type { IpmiSession } from '../session.ts';
import { fetchLanChannels, ifThere } from './lan-channels.ts';

/** Reserved by the specification for whoever gives no name. It is never changed but to disable it. */
export const ANONYMOUS_ID = 1;

export type IpmiUser = {
  readonly id: number;
  readonly name: string;
  readonly isNameFixed: boolean;
  /** By channel; the first is the one of the session. Some BMCs have users that a channel does not know. */
  readonly accesses: ReadonlyMap<number, UserAccess>;
};

export type UserTable = {
  readonly channels: readonly [number, ...number[]];
  readonly users: readonly IpmiUser[];
};

export const fetchUserTable = async (session: IpmiSession): Promise<UserTable> => {
  const channels = await fetchLanChannels(session);
  const { userCountMax } = await session.run(getUserAccess(channels[0], ANONYMOUS_ID));
  const users: IpmiUser[] = [];
  for (let id = ANONYMOUS_ID; id <= userCountMax; id += 1) {
    users.push(await fetchUser(session, channels, id));
  }
  return { channels, users };
};

export const fetchUser = async (
  session: IpmiSession,
  channels: readonly number[],
  id: number,
): Promise<IpmiUser> => {
  // A place that nobody has is refused by some BMCs, and shown without a name by others.
  const name = (await ifThere(session.run(getUserName(id)))) ?? '';
  const accesses = new Map<number, UserAccess>();
  for (const channel of channels) {
    const access = await ifThere(session.run(getUserAccess(channel, id)));
    if (access !== undefined) accesses.set(channel, access);
  }
  const fixedCount = Math.max(0, ...[...accesses.values()].map((each) => each.fixedNameCount));
  return { id, name, isNameFixed: id === ANONYMOUS_ID || id <= fixedCount, accesses };
};

/** Null: the BMC does not tell. Enabling is for all channels at once. */
export const isUserEnabled = ({ accesses }: IpmiUser): boolean | null => {
  const told = [...accesses.values()].map((each) => each.isEnabled);
  return told.find((each) => each !== null) ?? null;
};

export const accountOf = (user: IpmiUser): BmcAccount => ({
  id: String(user.id),
  // Whoever was root of the machine may have chosen it.
  username: user.name.replaceAll(/\p{C}+/gu, ' '),
  isEnabled: isUserEnabled(user),
  isLocked: null,
  privilege: highestOf([...user.accesses.values()]),
  isNameFixed: user.isNameFixed,
});

const FROM_LOW: readonly BmcAccountPrivilege[] = [
  'none',
  'other',
  'user',
  'operator',
  'administrator',
];

const highestOf = (accesses: readonly UserAccess[]): BmcAccountPrivilege => {
  const ranks = accesses.map(({ privilegeLimit: limit }) =>
    FROM_LOW.indexOf(limit === 'oem' || limit === 'callback' ? 'other' : limit),
  );
  return FROM_LOW[Math.max(0, ...ranks)] ?? 'none';
};
