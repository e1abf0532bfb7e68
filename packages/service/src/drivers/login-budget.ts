// How often an account may be tried. BMCs lock an account after a few refused logins, and a locked account
// stops everything that the service does with the machine. So refusals are counted per BMC and account, for
// all nodes and features together:
//
//   open      no refusal in the window: any login may be tried.
//   held      this very password was refused within the window: it is not tried again. Another password is.
//   exhausted `refusalsMax` refusals in the window, whatever the passwords: nothing is tried.
//
// An accepted login opens it again; so does the passing of the window. It lives in this process only: a
// restart may cost one more try.
//
// What a BMC tells of its own limits goes before `refusalsMax`, so that the last try but one is never made.

import type { Clock } from '#clock';

import { createHmac, createSecretKey, randomBytes } from 'node:crypto';

import { Failure } from '@bessemer/protocol/errors/failure';

export type LoginBudget = {
  /** Throws Failure 'bmc.login-budget' when a login must not be tried. */
  readonly require: (login: Login) => void;
  readonly noteRefused: (login: Login) => void;
  readonly noteAccepted: (login: Login) => void;
  /** The account was given this password: that it was refused before says nothing now, but still counts. */
  readonly notePasswordSet: (login: Login) => void;
  /** After how many refusals within which time the BMC locks an account. */
  readonly noteLimits: (origin: string, limits: LockoutLimits) => void;
};

export type LockoutLimits = { readonly threshold: number; readonly windowMs: number };

export type Login = {
  readonly origin: string;
  readonly username: string;
  readonly password: string;
};

export type LoginLimits = {
  /** Refused logins per account and window after which no further one is tried. */
  readonly loginRefusalsMax: number;
  readonly loginWindowMs: number;
};

type Refusals = { readonly atMs: number; readonly passwordMark: string }[];

/** Accounts, and BMCs with limits, that are remembered; the oldest are forgotten first. */
const ACCOUNTS_MAX = 10_000;
/** As many as the longest search for a lost password needs, however many the BMC allows. */
const REFUSALS_MAX = 4;
const NO_MARK = '';

export const makeLoginBudget = (clock: Clock, limits: LoginLimits): LoginBudget => {
  // Keyed by a secret of this process, so that memory holds nothing a password could be guessed from.
  const key = createSecretKey(randomBytes(32));
  const markOf = (login: Login): string =>
    createHmac('sha256', key).update(login.password).digest('base64');
  const accounts = new Map<string, Refusals>();
  const known = new Map<string, LockoutLimits>();
  const accountOf = (login: Login): string => `${login.origin} ${login.username}`;
  const windowMsOf = ({ origin }: Login): number =>
    Math.max(limits.loginWindowMs, known.get(origin)?.windowMs ?? 0);
  const refusalsMaxOf = ({ origin }: Login): number => {
    const threshold = known.get(origin)?.threshold;
    if (threshold === undefined) return limits.loginRefusalsMax;
    return Math.min(REFUSALS_MAX, Math.max(1, threshold - 2));
  };
  const refusalsOf = (login: Login): Refusals => {
    const since = clock.monotonicMs() - windowMsOf(login);
    return (accounts.get(accountOf(login)) ?? []).filter((refusal) => refusal.atMs > since);
  };

  return {
    require: (login) => {
      const refusals = refusalsOf(login);
      const mark = markOf(login);
      const same = refusals.filter((refusal) => refusal.passwordMark === mark);
      const isExhausted = refusals.length >= refusalsMaxOf(login);
      const oldest = isExhausted ? refusals[0] : same[0];
      if (oldest === undefined) return;
      const freeInMs = oldest.atMs + windowMsOf(login) - clock.monotonicMs();
      throw heldBack(login, isExhausted, freeInMs);
    },
    noteRefused: (login) => {
      const refusals = [
        ...refusalsOf(login),
        { atMs: clock.monotonicMs(), passwordMark: markOf(login) },
      ];
      accounts.delete(accountOf(login));
      accounts.set(accountOf(login), refusals);
      forgetOldest(accounts);
    },
    noteAccepted: (login) => {
      accounts.delete(accountOf(login));
    },
    notePasswordSet: (login) => {
      const mark = markOf(login);
      const refusals = refusalsOf(login).map((each) =>
        each.passwordMark === mark ? { ...each, passwordMark: NO_MARK } : each,
      );
      if (refusals.length > 0) accounts.set(accountOf(login), refusals);
    },
    noteLimits: (origin, told) => {
      known.delete(origin);
      known.set(origin, told);
      forgetOldest(known);
    },
  };
};

const forgetOldest = (map: Map<string, unknown>): void => {
  const oldest = map.keys().next();
  if (map.size > ACCOUNTS_MAX && oldest.done !== true) map.delete(oldest.value);
};

const heldBack = (login: Login, isExhausted: boolean, freeInMs: number): Failure => {
  const seconds = Math.max(1, Math.ceil(freeInMs / 1_000));
  const remedy = isExhausted
    ? 'Check the user name and password in driver_info; the next login is tried after that time'
    : 'Correct the user name or password in driver_info: a changed one is tried at once';
  return new Failure(
    'bmc.login-budget',
    `The BMC at ${login.origin} refused the login of "${login.username}"; for ${seconds} s no further one ` +
      `is tried, so that the account is not locked out. ${remedy}.`,
    { isRetryable: true, details: { bmc: login.origin, username: login.username, seconds } },
  );
};
