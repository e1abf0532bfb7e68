// Being let in. Three modes, per BMC and account:
//
//   session   the token of a session goes with every request. Entered by a login at the SessionService; left when
//             the BMC answers 401 (it forgets sessions when it restarts): then one new login, and the request again.
//   basic     name and password go with every request. Entered when `redfish_auth_type` says so, or when the BMC
//             offers no sessions, or has none free (`auto` only). A 401 here is a refused login.
//   none yet  no request was made; also after close().
//
// Every login asks the budget first and reports its outcome, so that no feature can lock the account.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { BmcAccess } from './access.ts';
import type { Answer, Exchange } from './exchange.ts';
import { linkAt, pathAt } from './links.ts';
import type { Login, LoginBudget } from '../login-budget.ts';
import { messagesOf, textOf } from './messages.ts';
import { refusalOf } from './refused.ts';

export type Session = {
  /** Headers that let a request in; logs in first when there is no session. */
  readonly authorise: (timeoutMs: number) => Promise<{ readonly [name: string]: string }>;
  /**
   * To be told of every answer. True: the session was lost, the request had no effect and may be repeated once
   * with new headers. Throws Failure 'bmc.credentials' when the login itself was refused.
   */
  readonly isLostBy: (answer: Answer, isRepeated: boolean) => boolean;
  /** Of the session at the BMC; undefined when there is none, or the BMC did not say. */
  readonly path: () => string | undefined;
  /** Ends the session at the BMC; never throws for a BMC that is gone. */
  readonly close: (timeoutMs: number) => Promise<void>;
};

const SESSIONS_PATH = '/redfish/v1/SessionService/Sessions';
const TOKEN_PATTERN = /^[\x21-\x7e]{1,4096}$/;

type Mode =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic' }
  | { readonly kind: 'session'; readonly token: string; readonly path: string | undefined };

export const makeSession = (
  access: BmcAccess,
  exchange: Exchange,
  budget: LoginBudget,
): Session => {
  let mode: Mode = access.authType === 'basic' ? { kind: 'basic' } : { kind: 'none' };
  const login = (): Login => ({
    origin: access.origin,
    username: access.username,
    password: access.password.reveal(),
  });

  return {
    authorise: async (timeoutMs) => {
      if (mode.kind === 'session') return { 'x-auth-token': mode.token };
      budget.require(login());
      if (mode.kind === 'none') mode = await openSession(access, exchange, budget, timeoutMs);
      return mode.kind === 'session' ? { 'x-auth-token': mode.token } : basicHeader(access);
    },
    isLostBy: (answer, isRepeated) => {
      if (answer.status !== 401) {
        if (mode.kind === 'basic') budget.noteAccepted(login());
        return false;
      }
      if (mode.kind === 'session' && !isRepeated) {
        mode = { kind: 'none' };
        return true;
      }
      if (mode.kind === 'basic') {
        budget.noteRefused(login());
        throw wrongCredentials(access);
      }
      mode = { kind: 'none' };
      throw new Failure(
        'bmc.credentials',
        `The BMC at ${access.origin} lets "${access.username}" log in and then refuses its requests. Give the ` +
          'account the role Administrator.',
      );
    },
    path: () => (mode.kind === 'session' ? mode.path : undefined),
    close: async (timeoutMs) => {
      if (mode.kind !== 'session' || mode.path === undefined) return;
      const { token, path } = mode;
      mode = { kind: 'none' };
      try {
        await exchange.send(
          { method: 'DELETE', path, headers: { 'x-auth-token': token } },
          timeoutMs,
        );
      } catch (error) {
        // The BMC ends forgotten sessions by itself; there is nobody left to tell.
        if (!(error instanceof Failure)) throw error;
      }
    },
  };
};

const openSession = async (
  access: BmcAccess,
  exchange: Exchange,
  budget: LoginBudget,
  timeoutMs: number,
): Promise<Mode> => {
  const path = await sessionsPath(access, exchange, timeoutMs);
  if (path === undefined) return withoutSessions(access);
  const password = access.password.reveal();
  const request = {
    method: 'POST',
    path,
    body: { UserName: access.username, Password: password },
  } as const;
  const answer = await exchange.send(request, timeoutMs);
  const login: Login = { origin: access.origin, username: access.username, password };
  if (answer.status === 200 || answer.status === 201) {
    const token = answer.header('x-auth-token');
    if (token === undefined || !TOKEN_PATTERN.test(token)) return withoutSessions(access);
    budget.noteAccepted(login);
    return { kind: 'session', token, path: sessionPath(access, answer) };
  }
  if (NOT_OFFERED.includes(answer.status)) return withoutSessions(access);
  const messages = messagesOf(answer.body, [password]);
  if (messages.some((message) => NO_FREE_SESSION.includes(message.key))) {
    if (access.authType === 'auto') return { kind: 'basic' };
    throw new Failure('bmc.refused', `The BMC at ${access.origin} has no free session`, {
      isRetryable: true,
    });
  }
  const isChangeDemanded = messages.some((message) => message.key === 'PasswordChangeRequired');
  if (REFUSED_LOGIN.includes(answer.status) && !isChangeDemanded) {
    budget.noteRefused(login);
    if (messages.some((message) => LOCKED.test(message.key))) throw locked(access);
    throw wrongCredentials(access, textOf(messages));
  }
  throw (
    refusalOf(access.origin, request, answer, [password]) ??
    new Failure(
      'bmc.protocol',
      `The BMC at ${access.origin} answered a login with status ${answer.status}`,
    )
  );
};

const NOT_OFFERED: readonly number[] = [404, 405, 501];
/** 400 is how some BMCs answer a wrong password. */
const REFUSED_LOGIN: readonly number[] = [400, 401, 403];
const NO_FREE_SESSION: readonly string[] = [
  'SessionLimitExceeded',
  'CreateLimitReachedForResource',
];

/** Most BMCs do not tell that an account is locked; to them it is as a wrong password. */
const LOCKED = /(account|user).*lock/i;

const locked = (access: BmcAccess): Failure =>
  new Failure('bmc.locked', `The BMC at ${access.origin} has locked "${access.username}"`, {
    isRetryable: true,
    details: { bmc: access.origin, username: access.username },
  });

/** The service root is readable by everybody and says where sessions are made. */
const sessionsPath = async (
  access: BmcAccess,
  exchange: Exchange,
  timeoutMs: number,
): Promise<string | undefined> => {
  const answer = await exchange.send({ method: 'GET', path: '/redfish/v1/' }, timeoutMs);
  if (answer.status === 404) {
    throw new Failure('bmc.protocol', `There is no Redfish service at ${access.origin}`);
  }
  if (answer.status !== 200) return SESSIONS_PATH;
  const named = linkAt(access.origin, answer.body, 'Links', 'Sessions');
  if (named !== undefined) return named;
  return linkAt(access.origin, answer.body, 'SessionService') === undefined
    ? undefined
    : SESSIONS_PATH;
};

const withoutSessions = (access: BmcAccess): Mode => {
  if (access.authType === 'auto') return { kind: 'basic' };
  throw new Failure(
    'bmc.unsupported',
    `The BMC at ${access.origin} offers no sessions; set redfish_auth_type to auto or basic`,
  );
};

const sessionPath = (access: BmcAccess, answer: Answer): string | undefined => {
  const location = answer.header('location');
  if (location !== undefined) return pathAt(access.origin, location);
  return linkAt(access.origin, answer.body);
};

const basicHeader = (access: BmcAccess): { readonly authorization: string } => {
  const pair = Buffer.from(`${access.username}:${access.password.reveal()}`, 'utf8').toString(
    'base64',
  );
  return { authorization: `Basic ${pair}` };
};

const wrongCredentials = (access: BmcAccess, said = ''): Failure =>
  new Failure(
    'bmc.credentials',
    `The BMC at ${access.origin} refuses the login of "${access.username}"${said === '' ? '' : `: ${said}`}. ` +
      'Check redfish_username and redfish_password; the account may also be disabled or locked at the BMC.',
    { details: { bmc: access.origin, username: access.username } },
  );
