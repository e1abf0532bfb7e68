// Users of a BMC, read and changed over the system interface. The order of changes suits most BMCs: name, password,
// privilege and access, enable; some want name and password before they enable, some the privilege before that.

import {
  BMC_ANONYMOUS_USER_ID,
  BMC_NAME_BYTES_MAX,
  BMC_PASSWORD_BYTES_MAX,
  BMC_PRIVILEGES,
  type BmcPrivilege,
  type BmcUser,
  type BmcUserList,
} from '@bessemer/protocol/agent/bmc-commands';
import { CommandFailure } from '../../command-failure.ts';
import {
  codeText,
  demand,
  type IpmiRequest,
  request,
  type SystemInterface,
} from './system-interface.ts';

const APP = 0x06;
const SET_ACCESS = 0x43;
const GET_ACCESS = 0x44;
const SET_NAME = 0x45;
const GET_NAME = 0x46;
const SET_PASSWORD = 0x47;
const OPERATION = { disable: 0, enable: 1, set: 2 } as const;
/** Says that the flags beside it are meant. */
const CHANGE_FLAGS = 0x80;
const MESSAGING = 0x10;
const LINK_AUTHENTICATION = 0x20;
const LONG_PASSWORD = 0x80;
const SHORT_PASSWORD_BYTES = 16;
const ENABLED_STATUS: { readonly [bits: number]: boolean } = { 1: true, 2: false };

type TableFacts = { readonly usersMax: number; readonly fixedNames: number };

const factsOf = (access: Buffer): TableFacts => ({
  usersMax: (access[0] ?? 0) & 0x3f,
  fixedNames: (access[2] ?? 0) & 0x3f,
});

const aboutTable = (channel: number): IpmiRequest =>
  request(APP, GET_ACCESS, channel, BMC_ANONYMOUS_USER_ID);

/** For information: 0 where the BMC does not tell, as one without users of IPMI. */
export const countPlaces = async (bmc: SystemInterface, channel: number): Promise<number> => {
  const { code, data } = await bmc.exchange(aboutTable(channel));
  return code === 0 ? factsOf(data).usersMax : 0;
};

/** How many places for users there are. */
const readTableFacts = async (bmc: SystemInterface, channel: number): Promise<TableFacts> =>
  factsOf(await demand(bmc, aboutTable(channel), 'reading the users'));

const idsOf = ({ usersMax }: TableFacts): readonly number[] =>
  Array.from({ length: usersMax }, (_, index) => index + 1);

const readNames = async (
  bmc: SystemInterface,
  ids: readonly number[],
): Promise<readonly string[]> => {
  const answers = await bmc.exchangeAll(ids.map((id) => request(APP, GET_NAME, id)));
  return answers.map(({ data }) => nameOf(data));
};

export const readUsers = async (bmc: SystemInterface, channel: number): Promise<BmcUserList> => {
  const facts = await readTableFacts(bmc, channel);
  const ids = idsOf(facts);
  const access = await bmc.exchangeAll(ids.map((id) => request(APP, GET_ACCESS, channel, id)));
  const names = await readNames(bmc, ids);
  const users = ids.flatMap((id, index): BmcUser[] => {
    const own = access[index];
    if (own === undefined || own.code !== 0 || own.data.length < 4) return [];
    return [userOf(id, own.data, names[index] ?? '')];
  });
  return { channel, users_max: facts.usersMax, users };
};

const readUser = async (bmc: SystemInterface, channel: number, id: number): Promise<BmcUser> => {
  const access = await demand(bmc, request(APP, GET_ACCESS, channel, id), `reading user ${id}`);
  const [name = ''] = await readNames(bmc, [id]);
  return userOf(id, access, name);
};

const nameOf = (field: Buffer): string => field.toString('latin1').replace(/[^\x20-\x7e].*$/s, '');

const userOf = (id: number, access: Buffer, username: string): BmcUser => {
  const flags = access[3] ?? 0;
  return {
    user_id: id,
    username,
    enabled: ENABLED_STATUS[(access[1] ?? 0) >> 6] ?? null,
    // Users with fixed names have the first numbers.
    name_fixed: id <= Math.max(factsOf(access).fixedNames, BMC_ANONYMOUS_USER_ID),
    privilege: privilegeOf(flags & 0x0f),
    messaging: (flags & MESSAGING) !== 0,
  };
};

const privilegeOf = (level: number): BmcPrivilege =>
  (Object.keys(BMC_PRIVILEGES) as BmcPrivilege[]).find((name) => BMC_PRIVILEGES[name] === level) ??
  'none';

export type UserWish = {
  readonly slotUserId: number | undefined;
  readonly username: string;
  /** Overwritten with zeros when this returns. */
  readonly password: Buffer;
  readonly privilege: BmcPrivilege;
  readonly channels: readonly [number, ...number[]];
};

/** Sets all of it, then reads it back. The same again is harmless. */
export const setUser = async (bmc: SystemInterface, wish: UserWish): Promise<BmcUser> => {
  try {
    const { channels, privilege } = wish;
    const id = await chooseSlot(bmc, wish);
    await setPassword(bmc, id, wish.password);
    for (const channel of channels) {
      const flags = CHANGE_FLAGS | MESSAGING | LINK_AUTHENTICATION | channel;
      const access = request(APP, SET_ACCESS, flags, id, BMC_PRIVILEGES[privilege]);
      await demand(bmc, access, `giving access on channel ${channel}`);
    }
    await demand(bmc, switchRequest(id, OPERATION.enable), 'enabling the user');
    return await readBack(bmc, id, wish);
  } finally {
    wish.password.fill(0);
  }
};

/** The number of the user, who has the name by then. */
const chooseSlot = async (bmc: SystemInterface, wish: UserWish): Promise<number> => {
  const { slotUserId, username, channels } = wish;
  const facts = await readTableFacts(bmc, channels[0]);
  const ids = idsOf(facts).filter((id) => id !== BMC_ANONYMOUS_USER_ID);
  if (slotUserId !== undefined) {
    if (!ids.includes(slotUserId)) {
      throw new CommandFailure('CommandExecutionError', `the BMC has no user ${slotUserId} to set`);
    }
    const [name] = await readNames(bmc, [slotUserId]);
    if (name === username) return slotUserId;
  }
  // The account is elsewhere now, or not yet there. Whoever has its place by then keeps it.
  const names = await readNames(bmc, ids);
  const named = ids[names.indexOf(username)];
  if (named !== undefined) return named;
  for (const [index, id] of ids.entries()) {
    if (names[index] !== '') continue;
    const user = await readUser(bmc, channels[0], id);
    if (user.enabled === true || user.name_fixed) continue;
    await setName(bmc, id, username);
    return id;
  }
  throw new CommandFailure(
    'CommandExecutionError',
    `all ${ids.length} places for users of the BMC are taken`,
    { failureCode: 'bmc.accounts-full' },
  );
};

const setName = async (bmc: SystemInterface, id: number, username: string): Promise<void> => {
  const field = Buffer.alloc(BMC_NAME_BYTES_MAX);
  field.write(username, 'latin1');
  const { code } = await bmc.exchange(request(APP, SET_NAME, id, ...field));
  if (code === 0) return;
  throw new CommandFailure(
    'CommandExecutionError',
    `naming user ${id}: the BMC ${codeText(code)}`,
    { failureCode: 'bmc.account-fixed' },
  );
};

const setPassword = async (bmc: SystemInterface, id: number, password: Buffer): Promise<void> => {
  const isLong = password.length > SHORT_PASSWORD_BYTES;
  const data = Buffer.alloc(2 + (isLong ? BMC_PASSWORD_BYTES_MAX : SHORT_PASSWORD_BYTES));
  data[0] = id | (isLong ? LONG_PASSWORD : 0);
  data[1] = OPERATION.set;
  password.copy(data, 2);
  try {
    const asked: IpmiRequest = { netFn: APP, command: SET_PASSWORD, data, isSecret: true };
    const { code } = await bmc.exchange(asked);
    if (code === 0) return;
    throw new CommandFailure(
      'CommandExecutionError',
      `setting the password of user ${id}: the BMC ${codeText(code)}`,
      { failureCode: 'bmc.password-policy' },
    );
  } finally {
    data.fill(0);
  }
};

const switchRequest = (id: number, operation: number): IpmiRequest =>
  request(
    APP,
    SET_PASSWORD,
    id,
    operation,
    ...Array.from({ length: SHORT_PASSWORD_BYTES }, () => 0),
  );

/** Everything but the password can be read. Where the BMC does not tell whether a user is enabled, it is believed. */
const readBack = async (bmc: SystemInterface, id: number, wish: UserWish): Promise<BmcUser> => {
  for (const channel of wish.channels) {
    const user = await readUser(bmc, channel, id);
    const isAsSet =
      user.username === wish.username &&
      user.privilege === wish.privilege &&
      user.messaging &&
      user.enabled !== false;
    if (!isAsSet) break;
    if (channel === wish.channels.at(-1)) return user;
  }
  throw new CommandFailure(
    'CommandExecutionError',
    `the BMC said that user ${id} was set, and shows something else`,
    { failureCode: 'bmc.protocol' },
  );
};

/** Takes the right to log in, on each of the channels; name and password stay. The same again is harmless. */
export const disableUser = async (
  bmc: SystemInterface,
  id: number,
  channels: readonly [number, ...number[]],
): Promise<BmcUser> => {
  await demand(bmc, switchRequest(id, OPERATION.disable), `disabling user ${id}`);
  for (const channel of channels) {
    const access = request(APP, SET_ACCESS, CHANGE_FLAGS | channel, id, BMC_PRIVILEGES.none);
    await demand(bmc, access, `taking the access on channel ${channel}`);
  }
  const user = await readUser(bmc, channels[0], id);
  if (user.enabled === false || user.privilege === 'none') return user;
  throw new CommandFailure(
    'CommandExecutionError',
    `the BMC said that user ${id} was disabled, and shows something else`,
    { failureCode: 'bmc.protocol' },
  );
};
