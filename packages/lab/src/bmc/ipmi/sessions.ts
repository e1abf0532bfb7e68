// Sessions of the BMC: being opened, or open. The table is small, as in real BMCs, and old entries make room.

import type { Clock } from '../../clock.ts';
import type { IpmiUser } from './bmc-memory.ts';
import type { Keys } from './datagrams.ts';
import type { Suite } from './suites.ts';

export type IpmiSession = {
  readonly bmcId: number;
  readonly consoleId: number;
  readonly suite: Suite;
  /** RAKP 1 and what it was answered with, so that a repeat gets the same. */
  challenge: {
    readonly asked: Buffer;
    readonly answer: Buffer;
    readonly user: IpmiUser;
    readonly consoleNonce: Buffer;
    readonly bmcNonce: Buffer;
    readonly identity: Buffer;
    readonly role: number;
  } | null;
  /** RAKP 3's answer; the session is open when there is one. */
  admitted: { readonly asked: Buffer; readonly answer: Buffer; readonly keys: Keys } | null;
  privilege: number;
  numberSent: number;
  numberHighest: number;
  readonly numbersSeen: Set<number>;
  lastRequest: { readonly message: Buffer; readonly answer: Buffer } | null;
  usedMs: number;
};

export const SESSIONS_MAX = 8;
const OPEN_MS_MAX = 60_000;
const OPENING_MS_MAX = 10_000;
const WINDOW = 16;

export type SessionTable = {
  /** Undefined when the table is full. */
  readonly add: (
    make: Pick<IpmiSession, 'consoleId' | 'suite'>,
    bmcId: number,
  ) => IpmiSession | undefined;
  readonly find: (bmcId: number) => IpmiSession | undefined;
  readonly remove: (bmcId: number) => void;
  readonly count: () => number;
  readonly openCount: () => number;
  readonly clear: () => void;
};

export const makeSessionTable = (clock: Clock): SessionTable => {
  const sessions = new Map<number, IpmiSession>();
  const dropOld = (): void => {
    const nowMs = clock.monotonicMs();
    for (const [id, session] of sessions) {
      const limitMs = session.admitted === null ? OPENING_MS_MAX : OPEN_MS_MAX;
      if (nowMs - session.usedMs > limitMs) sessions.delete(id);
    }
  };
  return {
    add: ({ consoleId, suite }, bmcId) => {
      dropOld();
      if (sessions.size >= SESSIONS_MAX) return undefined;
      const session: IpmiSession = {
        bmcId,
        consoleId,
        suite,
        challenge: null,
        admitted: null,
        privilege: 0,
        numberSent: 0,
        numberHighest: 0,
        numbersSeen: new Set(),
        lastRequest: null,
        usedMs: clock.monotonicMs(),
      };
      sessions.set(bmcId, session);
      return session;
    },
    find: (bmcId) => {
      dropOld();
      const session = sessions.get(bmcId);
      if (session !== undefined) session.usedMs = clock.monotonicMs();
      return session;
    },
    remove: (bmcId) => {
      sessions.delete(bmcId);
    },
    clear: () => sessions.clear(),
    count: () => sessions.size,
    openCount: () => {
      dropOld();
      return [...sessions.values()].filter((each) => each.admitted !== null).length;
    },
  };
};

/** Whether a packet with this number is new. */
export const isNewNumber = (session: IpmiSession, number: number): boolean => {
  if (number === 0 || number + WINDOW <= session.numberHighest) return false;
  if (session.numbersSeen.has(number)) return false;
  session.numbersSeen.add(number);
  session.numberHighest = Math.max(session.numberHighest, number);
  for (const each of session.numbersSeen) {
    if (each + WINDOW <= session.numberHighest) session.numbersSeen.delete(each);
  }
  return true;
};
