// Being let in: Open Session, then RAKP 1 to 4. Each attempt is made of new numbers only, so an answer that
// comes late belongs to an attempt that nobody waits for.
//
//   lost packet        a new attempt, as long as there are waits left.
//   wrong password     seen in RAKP 2, before the BMC has seen any proof of ours. No second attempt, ever: the
//                      BMC counts them. RAKP 3 tells the BMC that we give up, so that it frees the session.
//   suite refused      the next allowed suite. The BMC must agree to exactly what was proposed.

import type { CipherSuite } from './cipher-suites.ts';
import { exchange, IGNORED, type Verdict } from './exchange.ts';
import { IpmiFailure } from './failures.ts';
import {
  bmcProof,
  consoleProof,
  isSameProof,
  sessionIntegrityKey,
  sessionKeys,
  sessionProof,
  type Opening,
} from './key-material.ts';
import {
  NONCE_BYTES,
  readOpeningStatus,
  readOpenSessionAnswer,
  readRakp2,
  readRakp4,
  writeOpenSession,
  writeRakp1,
  writeRakp3,
  type OpenSessionAnswer,
} from './rakp-messages.ts';
import type { OpenedSession, SessionParts } from './session.ts';
import {
  looksLikeIpmi,
  PAYLOAD,
  unwrapOpening,
  wrapOpening,
  type PayloadType,
} from './session-packet.ts';
import { openingFailure } from './status-codes.ts';

export type Login = {
  readonly username: Buffer;
  readonly password: Buffer;
  /** Kg; null: the BMC has none. */
  readonly bmcKey: Buffer | null;
  readonly privilegeLevel: number;
};

/** Look up the user by name alone; else several entries of one name with different privileges are searched. */
const NAME_ONLY = 0x10;
const INVALID_INTEGRITY_CHECK = 0x0f;
const STATUS_OK = 0;

export const openSession = async (
  parts: SessionParts,
  suites: readonly CipherSuite[],
  login: Login,
): Promise<OpenedSession> => {
  let refusal: IpmiFailure | undefined;
  for (const suite of suites) {
    try {
      return await attemptUntilAnswered(parts, suite, login);
    } catch (error) {
      if (!(error instanceof IpmiFailure) || error.trouble !== 'no-cipher-suite') throw error;
      refusal = error;
    }
  }
  throw refusal ?? new IpmiFailure('no-cipher-suite');
};

const attemptUntilAnswered = async (
  parts: SessionParts,
  suite: CipherSuite,
  login: Login,
): Promise<OpenedSession> => {
  let missing: IpmiFailure | undefined;
  for (const waitMs of parts.waitsMs) {
    try {
      return await attempt(parts, suite, login, waitMs);
    } catch (error) {
      if (!(error instanceof IpmiFailure) || error.trouble !== 'no-answer') throw error;
      missing = error;
    }
  }
  throw missing ?? new IpmiFailure('no-answer');
};

const attempt = async (
  parts: SessionParts,
  suite: CipherSuite,
  login: Login,
  waitMs: number,
): Promise<OpenedSession> => {
  const tag = parts.random(1).readUInt8();
  const consoleSessionId = newSessionId(parts);
  const accepted = await ask(parts, tag, [waitMs], {
    payload: PAYLOAD.openSessionRequest,
    message: writeOpenSession({ tag, privilege: login.privilegeLevel, consoleSessionId, suite }),
    answer: PAYLOAD.openSessionResponse,
    read: (message) => ofSession(consoleSessionId, readOpenSessionAnswer(message)),
  });
  requireProposed(suite, accepted);

  const consoleNonce = parts.random(NONCE_BYTES);
  const role = NAME_ONLY | login.privilegeLevel;
  const { bmcSessionId } = accepted;
  const { username } = login;
  const { bmcNonce, bmcGuid, proof } = await ask(parts, tag, [waitMs], {
    payload: PAYLOAD.rakp1,
    message: writeRakp1({ tag, bmcSessionId, consoleNonce, role, username }),
    answer: PAYLOAD.rakp2,
    read: (message) => ofSession(consoleSessionId, readRakp2(message)),
  });
  const opening: Opening = {
    suite,
    consoleSessionId,
    bmcSessionId,
    consoleNonce,
    bmcNonce: Buffer.from(bmcNonce),
    bmcGuid: Buffer.from(bmcGuid),
    role,
    username,
  };
  if (!isSameProof(bmcProof(opening, login.password), proof)) {
    giveUp(parts, tag, bmcSessionId);
    throw new IpmiFailure('wrong-password');
  }
  const sik = await prove(parts, tag, waitMs, opening, login);
  return { suite, keys: sessionKeys(suite, sik), consoleSessionId, bmcSessionId };
};

/** RAKP 3 is the same bytes each time and starts nothing anew, so a lost RAKP 4 is asked for once more. */
const prove = async (
  parts: SessionParts,
  tag: number,
  waitMs: number,
  opening: Opening,
  login: Login,
): Promise<Buffer> => {
  const { proof } = await ask(parts, tag, [waitMs, waitMs], {
    payload: PAYLOAD.rakp3,
    message: writeRakp3({
      tag,
      status: STATUS_OK,
      bmcSessionId: opening.bmcSessionId,
      proof: consoleProof(opening, login.password),
    }),
    answer: PAYLOAD.rakp4,
    read: (message) => ofSession(opening.consoleSessionId, readRakp4(message)),
  });
  const sik = sessionIntegrityKey(opening, login.bmcKey ?? login.password);
  if (isSameProof(sessionProof(opening, sik), proof)) return sik;
  throw new IpmiFailure('wrong-bmc-key');
};

const ask = <T>(
  parts: SessionParts,
  tag: number,
  waitsMs: readonly number[],
  step: {
    readonly payload: PayloadType;
    readonly message: Buffer;
    readonly answer: PayloadType;
    readonly read: (message: Buffer) => T | undefined;
  },
): Promise<T> => {
  const packet = wrapOpening(step.payload, step.message);
  return exchange(parts, {
    packet: () => packet,
    judge: (datagram): Verdict<T> => {
      if (!looksLikeIpmi(datagram)) return { kind: 'not-ipmi' };
      const message = unwrapOpening(step.answer, datagram);
      const head = message === undefined ? undefined : readOpeningStatus(message);
      if (message === undefined || head?.tag !== tag) return IGNORED;
      if (head.status !== STATUS_OK) throw openingFailure(head.status);
      const value = step.read(message);
      return value === undefined ? IGNORED : { kind: 'answer', value };
    },
    waitsMs,
  });
};

const ofSession = <T extends { readonly consoleSessionId: number }>(
  consoleSessionId: number,
  answer: T | undefined,
): T | undefined => (answer?.consoleSessionId === consoleSessionId ? answer : undefined);

const requireProposed = (suite: CipherSuite, accepted: OpenSessionAnswer): void => {
  const isProposed =
    accepted.authentication === suite.authentication &&
    accepted.integrity === suite.integrity &&
    accepted.confidentiality === suite.confidentiality;
  if (isProposed) return;
  throw new IpmiFailure(
    'no-cipher-suite',
    `It answered cipher suite ${suite.id} with other algorithms than that suite has.`,
  );
};

const giveUp = ({ transport }: SessionParts, tag: number, bmcSessionId: number): void => {
  const refusal = { tag, status: INVALID_INTEGRITY_CHECK, bmcSessionId, proof: Buffer.alloc(0) };
  transport.send(wrapOpening(PAYLOAD.rakp3, writeRakp3(refusal)));
};

/** Never 0, which means "no session". */
const newSessionId = ({ random }: SessionParts): number => random(4).readUInt32LE() || 1;
