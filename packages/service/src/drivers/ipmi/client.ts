// Logging in to a BMC over IPMI 2.0, from the outside: addresses, names and passwords in, a session out.

import type { Clock } from '#clock';
import type { Secret } from '#trust/secret';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { fetchAuthCapabilities } from './auth-capabilities.ts';
import { CIPHER_SUITES, type CipherSuiteId } from './cipher-suites.ts';
import { setSessionPrivilege } from './commands/session.ts';
import { exchange, IGNORED } from './exchange.ts';
import { IpmiFailure } from './failures.ts';
import { openSession, type Login } from './open-session.ts';
import { PRIVILEGES, type Privilege } from './privilege.ts';
import { presencePing, readPresencePong } from './rmcp.ts';
import { makeSession, type IpmiSession, type SessionParts } from './session.ts';
import type { Random, Transport } from './transport.ts';

export type IpmiLogin = {
  readonly username: string;
  readonly password: Secret<string>;
  /** Kg, for BMCs that have one set; hex or text is the caller's business. */
  readonly bmcKey?: Secret<Buffer>;
  readonly privilege: Privilege;
  /** In the order of trying; 3 only where the operator consents to SHA-1. */
  readonly cipherSuites: readonly CipherSuiteId[];
};

export type IpmiParts = {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly waitsMs?: readonly number[];
};

/** One sending per wait. BMCs take up to a second when busy; the later waits are for those that restart a part. */
export const DEFAULT_WAITS_MS: readonly number[] = [1_000, 2_000, 4_000];

export const USERNAME_BYTES_MAX = 16;
export const PASSWORD_BYTES_MAX = 20;
const BMC_KEY_BYTES_MAX = 20;

/** Whether something manageable is there; needs no account. */
export const pingBmc = async (parts: IpmiParts): Promise<{ readonly hasIpmi: boolean }> => {
  // 255 would ask for no answer.
  const tag = parts.random(1).readUInt8() & 0x7f;
  return exchange(parts, {
    packet: () => presencePing(tag),
    judge: (datagram) => {
      const pong = readPresencePong(datagram);
      return pong?.tag === tag ? { kind: 'answer', value: pong } : IGNORED;
    },
    waitsMs: parts.waitsMs ?? DEFAULT_WAITS_MS,
  });
};

/**
 * A session with the asked privilege. The transport is the session's from now on: it is closed with it, and when
 * no session comes about. One call tries a password at most once.
 */
export const connectIpmi = async (given: IpmiParts, login: IpmiLogin): Promise<IpmiSession> => {
  const parts: SessionParts = { ...given, waitsMs: given.waitsMs ?? DEFAULT_WAITS_MS };
  try {
    const secrets = loginBytes(login);
    const capabilities = await fetchAuthCapabilities(parts);
    if (capabilities?.hasIpmi2 === false) throw new IpmiFailure('no-ipmi-2');
    const suites = login.cipherSuites.map((id) => CIPHER_SUITES[id]);
    const session = makeSession(parts, await openSession(parts, suites, secrets));
    // RAKP proves the level to the BMC, but the session still begins with less.
    await session.run(setSessionPrivilege(login.privilege)).catch(async (error: unknown) => {
      await session.close();
      throw error;
    });
    return session;
  } catch (error) {
    parts.transport.close();
    throw error;
  }
};

/** A session for the time of `work`; closed whatever becomes of it. */
export const withIpmiSession = async <T>(
  parts: IpmiParts,
  login: IpmiLogin,
  work: (session: IpmiSession) => Promise<T>,
): Promise<T> => {
  const session = await connectIpmi(parts, login);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
};

const loginBytes = ({ username, password, bmcKey, privilege }: IpmiLogin): Login => ({
  username: bounded('user name', Buffer.from(username), USERNAME_BYTES_MAX),
  password: bounded('password', Buffer.from(password.reveal()), PASSWORD_BYTES_MAX),
  bmcKey: bmcKey === undefined ? null : bounded('BMC key (Kg)', bmcKey.reveal(), BMC_KEY_BYTES_MAX),
  privilegeLevel: PRIVILEGES[privilege],
});

/** Too long is refused, never cut: a BMC that cuts would let in with less than what was meant to be secret. */
const bounded = (what: string, bytes: Buffer, bytesMax: number): Buffer => {
  if (bytes.length <= bytesMax) return bytes;
  throw new Refusal(400, `The IPMI ${what} must have at most ${bytesMax} bytes`);
};
