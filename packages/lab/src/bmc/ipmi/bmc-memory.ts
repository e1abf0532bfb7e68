// All that one IPMI BMC of the lab remembers, and how it can misbehave.

import { systemClock, type Clock } from '../../clock.ts';
import type { Machine } from '../power-model.ts';
import { IPMI_ACCOUNT_FAULTS } from './account-faults.ts';

export type IpmiUser = {
  name: string;
  /** As stored: cut or padded with zeros by the BMC. */
  password: Buffer;
  /** Which of the two sizes it was set as. */
  passwordBytes: 16 | 20;
  isEnabled: boolean;
  /** 1 callback to 4 administrator; 15 none. */
  privilege: number;
  /** Bits 4 to 6 of the access byte: messaging, link authentication, callback only. */
  accessFlags: number;
  wrongPasswordCount: number;
  /** When the last one was tried. */
  wrongPasswordMs: number;
  lockedUntilMs: number;
};

export const IPMI_FAULTS = {
  'cut-passwords': 'a password is cut at <value> bytes, and success is told',
  'ignore-passwords': 'setting a password succeeds and changes nothing',
  'refuse-passwords': 'setting a password gets completion code 0xcc',
  'drop-answers': 'the next <value> commands are obeyed and not answered',
  'ignore-power': 'power commands succeed and do nothing',
  lockout: 'a user is locked after <value> wrong passwords',
  'lying-test': 'testing a password succeeds, whatever it is',
  'no-sha256': 'cipher suite 17 is not known',
  ...IPMI_ACCOUNT_FAULTS,
} as const;

export type IpmiFault = keyof typeof IPMI_FAULTS;

export const isIpmiFault = (name: string): name is IpmiFault => Object.hasOwn(IPMI_FAULTS, name);

export type IpmiCounters = {
  openings: number;
  logins: number;
  wrongPasswords: number;
  commands: number;
  /** Requests that came again with the same number and were answered from memory. */
  repeats: number;
  chassisControls: number;
};

export type ChannelSettings = { flags: number; privilege: number };

export type IpmiBmc = {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly guid: Buffer;
  /** False: nothing is answered. */
  isOverLan: boolean;
  readonly users: Map<number, IpmiUser>;
  /** Those of the beginning. */
  readonly firstUsers: ReadonlyMap<number, IpmiUser>;
  readonly channel: { readonly stored: ChannelSettings; readonly active: ChannelSettings };
  readonly bootParameters: Map<number, Buffer>;
  readonly lanParameters: Map<number, Buffer>;
  /** Kg; null: none. */
  readonly bmcKey: Buffer | null;
  readonly faults: Map<IpmiFault, number>;
  readonly counters: IpmiCounters;
  /** Called after users changed: a BMC keeps them over restarts. */
  readonly saveUsers: () => void;
};

export const USER_SLOTS = 10;
export const PASSWORD_BYTES = 20;
export const NO_ACCESS = 15;
/** Messaging over this channel. */
export const MESSAGING = 0x10;
/** Always available, with authentication of messages and users. */
const OPEN_CHANNEL = 0x02;
const ADMINISTRATOR = 4;

export const emptyUser = (): IpmiUser => ({
  name: '',
  password: Buffer.alloc(PASSWORD_BYTES),
  passwordBytes: 16,
  isEnabled: false,
  privilege: NO_ACCESS,
  accessFlags: 0,
  wrongPasswordCount: 0,
  wrongPasswordMs: 0,
  lockedUntilMs: 0,
});

/** Slot 1 is the anonymous user, disabled; the given administrator is in slot 2. */
export const makeIpmiBmc = (parts: {
  readonly machine: Machine;
  readonly username: string;
  readonly password: string;
  readonly bmcKey?: Buffer;
  readonly clock?: Clock;
  /** Of a machine that Redfish speaks for too; user name and password are not used then. */
  readonly users?: Map<number, IpmiUser>;
  readonly saveUsers?: () => void;
}): IpmiBmc => {
  const users = parts.users ?? firstUsers(parts);
  return {
    machine: parts.machine,
    clock: parts.clock ?? systemClock,
    guid: Buffer.from(parts.machine.facts.uuid.replaceAll('-', ''), 'hex').reverse(),
    isOverLan: true,
    users,
    firstUsers: copyOf(users),
    channel: {
      stored: { flags: OPEN_CHANNEL, privilege: ADMINISTRATOR },
      active: { flags: OPEN_CHANNEL, privilege: ADMINISTRATOR },
    },
    bootParameters: new Map(),
    lanParameters: new Map(),
    bmcKey: parts.bmcKey ?? null,
    faults: new Map(),
    counters: {
      openings: 0,
      logins: 0,
      wrongPasswords: 0,
      commands: 0,
      repeats: 0,
      chassisControls: 0,
    },
    saveUsers: parts.saveUsers ?? (() => undefined),
  };
};

/** Not the accounts behind it: a machine that shares them lets Redfish bring them back. */
const copyOf = (users: ReadonlyMap<number, IpmiUser>): Map<number, IpmiUser> =>
  new Map([...users].map(([id, user]) => [id, { ...user }]));

/** As after a restart; with the fault `accounts-lost` the users are those of the beginning. */
export const loseUsers = (bmc: IpmiBmc): void => {
  if (!bmc.faults.has('accounts-lost')) return;
  for (const [id, first] of bmc.firstUsers) Object.assign(bmc.users.get(id) ?? {}, first);
  bmc.saveUsers();
};

const firstUsers = (
  parts: Pick<Parameters<typeof makeIpmiBmc>[0], 'username' | 'password'>,
): Map<number, IpmiUser> => {
  const users = new Map<number, IpmiUser>();
  for (let id = 1; id <= USER_SLOTS; id += 1) users.set(id, emptyUser());
  const password = Buffer.from(parts.password);
  users.set(2, {
    ...emptyUser(),
    name: parts.username,
    password: Buffer.concat([password, Buffer.alloc(PASSWORD_BYTES - password.length)]),
    passwordBytes: password.length > 16 ? 20 : 16,
    isEnabled: true,
    privilege: ADMINISTRATOR,
    accessFlags: MESSAGING,
  });
  return users;
};

/** Counts a fault down by one; true while it lasted. */
export const useFault = (bmc: IpmiBmc, fault: IpmiFault): boolean => {
  const left = bmc.faults.get(fault);
  if (left === undefined) return false;
  if (left <= 1) bmc.faults.delete(fault);
  else bmc.faults.set(fault, left - 1);
  return true;
};
