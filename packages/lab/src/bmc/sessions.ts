// Who is asking: sessions, basic authentication, and the locking of accounts.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { JsonObject } from '@bessemer/protocol/json';
import { NO_CONTENT, type BmcState, type ResourceFinder, type Session } from './bmc-state.ts';
import { collection } from './collection.ts';
import type { Account } from './manager-account.ts';
import { changeDemand, isChangeDemanded } from './password-change.ts';
import { requiredText, textProperty } from './property-values.ts';
import { RedfishRefusal } from './redfish-refusal.ts';

/** Real BMCs have room for a handful; a client that leaks sessions must notice here too. */
const SESSION_COUNT_MAX = 16;
const SESSION_IDLE_MS_MAX = 30 * 60_000;
const LOCKOUT_SECONDS = 5 * 60;
const SERVICE = '/redfish/v1/SessionService';
const SESSIONS = `${SERVICE}/Sessions`;

const unauthorized = (text: string): RedfishRefusal =>
  new RedfishRefusal(401, 'NoValidSession', text);

export const sessionResources =
  (state: BmcState): ResourceFinder =>
  (path) => {
    if (path === SERVICE) return { get: () => serviceBody() };
    if (path === SESSIONS) {
      return {
        open: ['POST'],
        get: () =>
          collection(
            SESSIONS,
            'SessionCollection',
            'Sessions',
            [...state.sessions.values()].map((session) => `${SESSIONS}/${session.id}`),
          ),
        post: ({ body }) => {
          const session = openSession(
            state,
            requiredText(body, 'UserName'),
            // An empty one may be right.
            textProperty(body, 'Password') ?? requiredText(body, 'Password'),
          );
          return {
            status: 201,
            headers: { Location: `${SESSIONS}/${session.id}`, 'X-Auth-Token': session.token },
            body: {
              ...sessionBody(session),
              ...(isChangeDemanded(state, session.account)
                ? { '@Message.ExtendedInfo': [changeDemand(session.account)] }
                : {}),
            },
          };
        },
      };
    }
    const session = [...state.sessions.values()].find((each) => path === `${SESSIONS}/${each.id}`);
    if (session === undefined) return undefined;
    return {
      get: () => sessionBody(session),
      remove: () => {
        state.sessions.delete(session.token);
        return NO_CONTENT;
      },
    };
  };

export const lockoutSeconds = (state: BmcState): number =>
  state.faults.valueOf('lockout-seconds') ?? LOCKOUT_SECONDS;

/** Checks a password, counting the wrong ones; throws 401. */
export const logIn = (state: BmcState, userName: string, password: string): Account => {
  const account = state.accounts.find((each) => each.userName === userName);
  const isLocked = account !== undefined && state.clock.monotonicMs() < account.lockedUntilMs;
  // A locked account does not learn whether the password was right, and answers as for a wrong one.
  const isRight =
    account !== undefined &&
    account.isEnabled &&
    !isLocked &&
    !state.faults.isOn('refuse-login') &&
    isSameText(account.password, password);
  if (isRight) {
    account.wrongPasswordCount = 0;
    state.counters.logins += 1;
    return account;
  }
  state.counters.wrongPasswords += 1;
  if (account !== undefined && !isLocked) countWrongPassword(state, account);
  throw unauthorized('The user name or password is wrong, or the account is locked.');
};

const countWrongPassword = (state: BmcState, account: Account): void => {
  const nowMs = state.clock.monotonicMs();
  // As its AccountLockoutCounterResetAfter says.
  if (nowMs - account.wrongPasswordMs > lockoutSeconds(state) * 1_000)
    account.wrongPasswordCount = 0;
  account.wrongPasswordCount += 1;
  account.wrongPasswordMs = nowMs;
  const countMax = state.faults.valueOf('lockout');
  if (countMax !== undefined && account.wrongPasswordCount >= countMax) {
    account.lockedUntilMs = nowMs + lockoutSeconds(state) * 1_000;
    account.wrongPasswordCount = 0;
  }
};

const openSession = (state: BmcState, userName: string, password: string): Session => {
  const account = logIn(state, userName, password);
  dropIdleSessions(state);
  if (state.sessions.size >= SESSION_COUNT_MAX) {
    throw new RedfishRefusal(503, 'SessionLimitExceeded', 'There are too many sessions.');
  }
  const session: Session = {
    id: randomBytes(6).toString('hex'),
    token: randomBytes(24).toString('base64url'),
    account,
    lastUsedMs: state.clock.monotonicMs(),
  };
  state.sessions.set(session.token, session);
  return session;
};

const dropIdleSessions = (state: BmcState): void => {
  const oldestMs = state.clock.monotonicMs() - SESSION_IDLE_MS_MAX;
  for (const [token, session] of state.sessions) {
    if (session.lastUsedMs < oldestMs) state.sessions.delete(token);
  }
};

export type Credentials = {
  readonly session: Session | null;
  readonly account: Account | null;
};

/** Throws 401 for credentials that are wrong; no credentials at all is an answer. */
export const authenticate = (
  state: BmcState,
  headers: { readonly token: string | undefined; readonly authorization: string | undefined },
): Credentials => {
  if (headers.token !== undefined) {
    dropIdleSessions(state);
    const session = state.sessions.get(headers.token);
    if (session === undefined) throw unauthorized('There is no such session.');
    session.lastUsedMs = state.clock.monotonicMs();
    if (state.faults.isOn('lost-sessions')) state.sessions.delete(headers.token);
    return { session, account: session.account };
  }
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/.exec(headers.authorization ?? '')?.[1];
  if (basic === undefined) return { session: null, account: null };
  const [userName = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  return { session: null, account: logIn(state, userName, rest.join(':')) };
};

const isSameText = (left: string, right: string): boolean => {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
};

const serviceBody = (): JsonObject => ({
  '@odata.id': SERVICE,
  '@odata.type': '#SessionService.v1_1_6.SessionService',
  Id: 'SessionService',
  Name: 'Session Service',
  ServiceEnabled: true,
  SessionTimeout: SESSION_IDLE_MS_MAX / 1000,
  Sessions: { '@odata.id': SESSIONS },
});

const sessionBody = (session: Session): JsonObject => ({
  '@odata.id': `${SESSIONS}/${session.id}`,
  '@odata.type': '#Session.v1_3_0.Session',
  Id: session.id,
  Name: 'User Session',
  UserName: session.account.userName,
});
