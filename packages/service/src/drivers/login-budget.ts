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

import type { Clock } from '#clock';

import { createHmac, randomBytes } from 'node:crypto';

import { Failure } from '@bessemer/protocol/errors/failure';

export type LoginBudget = {
  /** Throws Failure 'bmc.login-budget' when a login must not be tried. */
  readonly require: (login: Login) => void;
  readonly noteRefused: (login: Login) => void;
  readonly noteAccepted: (login: Login) => void;
};

export type Login = {
  readonly origin: string;
  readonly username: string;
  readonly password: string;
};

type Refusals = { readonly atMs: number; readonly passwordMark: string }[];

/** Accounts remembered; the one refused longest ago is forgotten first. */
const ACCOUNTS_MAX = 10_000;

export const makeLoginBudget = (
  clock: Clock,
  limits: { readonly loginRefusalsMax: number; readonly loginWindowMs: number },
): LoginBudget => {
  // Keyed by a secret of this process, so that memory holds nothing a password could be guessed from.
  const key = randomBytes(32);
  const markOf = (login: Login): string =>
    createHmac('sha256', key).update(login.password).digest('base64');
  const accounts = new Map<string, Refusals>();
  const accountOf = (login: Login): string => `${login.origin} ${login.username}`;
  const refusalsOf = (login: Login): Refusals => {
    const since = clock.monotonicMs() - limits.loginWindowMs;
    return (accounts.get(accountOf(login)) ?? []).filter((refusal) => refusal.atMs > since);
  };

  return {
    require: (login) => {
      const refusals = refusalsOf(login);
      const mark = markOf(login);
      const same = refusals.filter((refusal) => refusal.passwordMark === mark);
      const isExhausted = refusals.length >= limits.loginRefusalsMax;
      const oldest = isExhausted ? refusals[0] : same[0];
      if (oldest === undefined) return;
      const freeInMs = oldest.atMs + limits.loginWindowMs - clock.monotonicMs();
      throw heldBack(login, isExhausted, freeInMs);
    },
    noteRefused: (login) => {
      const refusals = [
        ...refusalsOf(login),
        { atMs: clock.monotonicMs(), passwordMark: markOf(login) },
      ];
      accounts.delete(accountOf(login));
      accounts.set(accountOf(login), refusals);
      const oldest = accounts.keys().next();
      if (accounts.size > ACCOUNTS_MAX && oldest.done !== true) accounts.delete(oldest.value);
    },
    noteAccepted: (login) => {
      accounts.delete(accountOf(login));
    },
  };
};

const heldBack = (login: Login, isExhausted: boolean, freeInMs: number): Failure => {
  const seconds = Math.max(1, Math.ceil(freeInMs / 1_000));
  const remedy = isExhausted
    ? 'Check redfish_username and redfish_password; the next login is tried after that time'
    : 'Correct redfish_username or redfish_password: a changed one is tried at once';
  return new Failure(
    'bmc.login-budget',
    `The BMC at ${login.origin} refused the login of "${login.username}"; for ${seconds} s no further one ` +
      `is tried, so that the account is not locked out. ${remedy}.`,
    { isRetryable: true, details: { bmc: login.origin, username: login.username, seconds } },
  );
};
