// The BMC's side of session opening: Open Session, RAKP 1 and RAKP 3 in; their answers out.

import { randomBytes } from 'node:crypto';

import { isLocked, noteWrongPassword } from './lockout.ts';
import { MESSAGING, NO_ACCESS, type IpmiBmc, type IpmiUser } from './bmc-memory.ts';
import type { IpmiSession, SessionTable } from './sessions.ts';
import { isSame, macOf, markOf, SUITES, type Suite } from './suites.ts';

const STATUS = {
  ok: 0x00,
  full: 0x01,
  unknownSession: 0x02,
  badAuthentication: 0x04,
  badPrivilege: 0x0a,
  badNameLength: 0x0c,
  unknownName: 0x0d,
  badIntegrity: 0x0f,
  badSuite: 0x11,
  badParameter: 0x12,
} as const;

const USER_PRIVILEGE = 2;
const NAME_BYTES_MAX = 16;

/** The answer's payload type and bytes; undefined when there is none. */
export const answerOpening = (
  bmc: IpmiBmc,
  sessions: SessionTable,
  payload: number,
  message: Buffer,
): { readonly payload: number; readonly message: Buffer } | undefined => {
  if (payload === 0x10 && message.length >= 32) {
    return { payload: 0x11, message: openSession(bmc, sessions, message) };
  }
  if (payload === 0x12 && message.length >= 28) {
    return { payload: 0x13, message: challenge(bmc, sessions, message) };
  }
  if (payload === 0x14 && message.length >= 8) {
    const answer = admit(bmc, sessions, message);
    return answer === undefined ? undefined : { payload: 0x15, message: answer };
  }
  return undefined;
};

const uint32 = (value: number): Buffer =>
  Buffer.from([value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]);

const refusal = (tag: number, status: number, consoleId: number): Buffer =>
  Buffer.concat([Buffer.from([tag, status, 0, 0]), uint32(consoleId)]);

const openSession = (bmc: IpmiBmc, sessions: SessionTable, message: Buffer): Buffer => {
  bmc.counters.openings += 1;
  const tag = message.readUInt8(0);
  const consoleId = message.readUInt32LE(4);
  const asked = [message[12], message[20], message[28]];
  const known = SUITES.filter(({ id }) => id !== 17 || !bmc.faults.has('no-sha256'));
  const suite = known.find(({ algorithms }) => algorithms.every((each, at) => each === asked[at]));
  if (suite === undefined) {
    const isAuthenticationKnown = known.some(({ algorithms }) => algorithms[0] === asked[0]);
    const status = isAuthenticationKnown ? STATUS.badSuite : STATUS.badAuthentication;
    return refusal(tag, status, consoleId);
  }
  const bmcId = randomBytes(4).readUInt32LE() | 1;
  const session = sessions.add({ consoleId, suite }, bmcId >>> 0);
  if (session === undefined) return refusal(tag, STATUS.full, consoleId);
  return Buffer.concat([
    Buffer.from([tag, STATUS.ok, 4, 0]),
    uint32(consoleId),
    uint32(session.bmcId),
    ...suite.algorithms.map((value, kind) => Buffer.from([kind, 0, 0, 8, value, 0, 0, 0])),
  ]);
};

const challenge = (bmc: IpmiBmc, sessions: SessionTable, message: Buffer): Buffer => {
  const tag = message.readUInt8(0);
  const session = sessions.find(message.readUInt32LE(4));
  if (session === undefined || session.admitted !== null) {
    return refusal(tag, STATUS.unknownSession, 0);
  }
  if (session.challenge !== null) {
    return session.challenge.asked.equals(message)
      ? session.challenge.answer
      : refusal(tag, STATUS.unknownSession, session.consoleId);
  }
  // A refused opening is over, so that names that are tried do not fill the table of sessions.
  const refuse = (status: number): Buffer => {
    sessions.remove(session.bmcId);
    return refusal(tag, status, session.consoleId);
  };
  const nameBytes = message.readUInt8(27);
  if (nameBytes > NAME_BYTES_MAX || message.length < 28 + nameBytes) {
    return refuse(STATUS.badNameLength);
  }
  const name = message.subarray(28, 28 + nameBytes).toString('latin1');
  const role = message.readUInt8(24);
  const user = findUser(bmc, name);
  if (user === undefined) return refuse(STATUS.unknownName);
  const limit = Math.min(user.privilege, bmc.channel.active.privilege);
  if ((role & 0x0f) > limit) return refuse(STATUS.badPrivilege);

  const consoleNonce = Buffer.from(message.subarray(8, 24));
  const bmcNonce = randomBytes(16);
  const identity = Buffer.from([role, nameBytes, ...message.subarray(28, 28 + nameBytes)]);
  const proof = macOf(
    session.suite,
    user.password,
    Buffer.concat([
      uint32(session.consoleId),
      uint32(session.bmcId),
      consoleNonce,
      bmcNonce,
      bmc.guid,
      identity,
    ]),
  );
  const answer = Buffer.concat([
    Buffer.from([tag, STATUS.ok, 0, 0]),
    uint32(session.consoleId),
    bmcNonce,
    bmc.guid,
    proof,
  ]);
  const asked = Buffer.from(message);
  session.challenge = { asked, answer, user, consoleNonce, bmcNonce, identity, role: role & 0x0f };
  return answer;
};

const findUser = (bmc: IpmiBmc, name: string): IpmiUser | undefined => {
  return [...bmc.users].find(
    ([id, user]) =>
      (name === '' ? id === 1 : id !== 1 && user.name === name) &&
      user.isEnabled &&
      user.privilege !== NO_ACCESS &&
      (user.accessFlags & MESSAGING) !== 0 &&
      !isLocked(bmc, user),
  )?.[1];
};

const admit = (bmc: IpmiBmc, sessions: SessionTable, message: Buffer): Buffer | undefined => {
  const tag = message.readUInt8(0);
  const session = sessions.find(message.readUInt32LE(4));
  const { challenge: answered } = session ?? {};
  if (session === undefined || answered === undefined || answered === null) {
    return refusal(tag, STATUS.unknownSession, 0);
  }
  if (session.admitted !== null) {
    return session.admitted.asked.equals(message)
      ? session.admitted.answer
      : refusal(tag, STATUS.badParameter, session.consoleId);
  }
  const { user, bmcNonce, identity } = answered;
  const expected = macOf(
    session.suite,
    user.password,
    Buffer.concat([bmcNonce, uint32(session.consoleId), identity]),
  );
  const status = message.readUInt8(1);
  if (status !== STATUS.ok || !isSame(expected, message.subarray(8))) {
    noteWrongPassword(bmc, user);
    sessions.remove(session.bmcId);
    return status === STATUS.ok ? refusal(tag, STATUS.badIntegrity, session.consoleId) : undefined;
  }
  bmc.counters.logins += 1;
  user.wrongPasswordCount = 0;
  return letIn(bmc, session, answered, message);
};

const letIn = (
  bmc: IpmiBmc,
  session: IpmiSession,
  { user, consoleNonce, bmcNonce, identity, role }: NonNullable<IpmiSession['challenge']>,
  message: Buffer,
): Buffer => {
  const { suite } = session;
  const key = bmc.bmcKey ?? user.password;
  const sik = macOf(suite, key, Buffer.concat([consoleNonce, bmcNonce, identity]));
  const proven = Buffer.concat([consoleNonce, uint32(session.bmcId), bmc.guid]);
  const answer = Buffer.concat([
    Buffer.from([message.readUInt8(0), STATUS.ok, 0, 0]),
    uint32(session.consoleId),
    markOf(suite, sik, proven),
  ]);
  session.privilege = Math.min(role === 0 ? user.privilege : role, USER_PRIVILEGE);
  session.admitted = { asked: Buffer.from(message), answer, keys: keysOf(suite, sik) };
  return answer;
};

const keysOf = (suite: Suite, sik: Buffer) => ({
  mark: macOf(suite, sik, Buffer.alloc(20, 0x01)),
  cipher: macOf(suite, sik, Buffer.alloc(20, 0x02)).subarray(0, 16),
});
