// A BMC without a wire: accounts with passwords, and the ways in which real ones go wrong.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { InBandDoor } from '#conductor/bmc-credential/in-band/in-band';
import type { BmcAccountDoor, BmcAccountLimits } from '#drivers/bmc-accounts';
import { CHANGE_DEMANDED } from '#drivers/change-demanded';
import type { Credential } from '#trust/secret-store/secret-store';

export type BmcWays = {
  /** Stores so many bytes only, and says nothing. */
  readonly cutBytes?: number;
  /** So many changes are answered with success and not made. */
  readonly liesCount?: number;
  /** Refuses passwords of these lengths, or with (without) a special character. */
  readonly refuses?: (password: string) => boolean;
  /** Locks an account after so many refused logins. */
  readonly lockoutThreshold?: number;
  /** A change is seen only so many calls later. */
  readonly delayCalls?: number;
  /** How the answer of the n-th call is lost: before the BMC did it, or after. */
  readonly loses?: (call: number) => 'before' | 'after' | undefined;
  /** Who comes with the password of the factory may do nothing but change it. */
  readonly demandsChange?: boolean;
  /** With the n-th call all users but the first are as they were made in the factory. */
  readonly resetsAt?: number;
};

type Account = { password: string; isEnabled: boolean; failuresAtMs: number[] };

export const FACTORY: { readonly username: string; readonly password: string } = {
  username: 'factory',
  password: 'Factory-Set-1',
};
const LOCKOUT_MS = 1_800_000;

export type ModelBmc = {
  readonly door: BmcAccountDoor;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly accepts: (login: { readonly username: string; readonly password: string }) => boolean;
  /** How often an account reached the threshold. */
  readonly lockouts: () => number;
  readonly isReset: () => boolean;
  readonly calls: () => number;
  readonly reset: () => void;
  /** Through an agent on the machine, which needs no login. */
  readonly inBand: InBandDoor;
};

const lost = (): Failure =>
  new Failure('bmc.unreachable', 'The BMC does not answer.', { isRetryable: true });

export const makeModelBmc = (nowMs: () => number, ways: BmcWays = {}): ModelBmc => {
  const accounts = new Map<string, Account>();
  const restore = (): void => {
    accounts.clear();
    accounts.set(FACTORY.username, {
      password: FACTORY.password,
      isEnabled: true,
      failuresAtMs: [],
    });
  };
  restore();
  let calls = 0;
  let lockouts = 0;
  let lies = ways.liesCount ?? 0;
  let isReset = false;
  let pending: { readonly atCall: number; readonly make: () => void }[] = [];

  const later = (make: () => void): void => {
    pending.push({ atCall: calls + (ways.delayCalls ?? 0), make });
    settle();
  };
  const settle = (): void => {
    for (const { atCall, make } of pending) if (atCall <= calls) make();
    pending = pending.filter(({ atCall }) => atCall > calls);
  };

  const login = ({ username, password }: Credential): Account => {
    const account = accounts.get(username);
    if (account === undefined) throw new Failure('bmc.credentials', 'no such account');
    const since = nowMs() - LOCKOUT_MS;
    account.failuresAtMs = account.failuresAtMs.filter((each) => each > since);
    const threshold = ways.lockoutThreshold ?? Infinity;
    if (account.failuresAtMs.length >= threshold) throw new Failure('bmc.locked', 'locked');
    if (!account.isEnabled || account.password !== password.reveal()) {
      account.failuresAtMs.push(nowMs());
      if (account.failuresAtMs.length >= threshold) lockouts += 1;
      throw new Failure('bmc.credentials', 'wrong password');
    }
    account.failuresAtMs = [];
    return account;
  };

  const requireChanged = ({ username, password }: Credential): void => {
    if (ways.demandsChange !== true || username !== FACTORY.username) return;
    if (password.reveal() !== FACTORY.password) return;
    throw new Failure('bmc.credentials', 'Change the password first.', {
      details: { reason: CHANGE_DEMANDED },
    });
  };

  const call = async <T>(as: Credential, work: () => T, changed?: string): Promise<T> => {
    calls += 1;
    settle();
    if (calls === ways.resetsAt) {
      isReset = true;
      restore();
    }
    const loss = ways.loses?.(calls);
    if (loss === 'before') throw lost();
    login(as);
    if (changed !== as.username) requireChanged(as);
    const result = work();
    if (loss === 'after') throw lost();
    return result;
  };

  const limits: BmcAccountLimits =
    ways.lockoutThreshold === undefined
      ? {}
      : {
          lockoutThreshold: ways.lockoutThreshold,
          lockoutMs: LOCKOUT_MS,
          lockoutResetMs: LOCKOUT_MS,
        };

  const change = ({ username, password }: Credential): void => {
    if (ways.refuses?.(password.reveal()) === true) {
      throw new Failure('bmc.password-policy', 'PropertyValueFormatError');
    }
    if (lies > 0) {
      lies -= 1;
      return;
    }
    const kept = password.reveal().slice(0, ways.cutBytes ?? Infinity);
    later(() => {
      const { failuresAtMs = [] } = accounts.get(username) ?? {};
      accounts.set(username, { password: kept, isEnabled: true, failuresAtMs });
    });
  };

  return {
    accounts,
    inBand: {
      findObstacle: async () => undefined,
      set: async (_node, { credential }) => {
        change(credential);
        return '3';
      },
      list: async () => [],
      disable: async () => undefined,
    },
    accepts: ({ username, password }) => {
      const account = accounts.get(username);
      return account !== undefined && account.isEnabled && account.password === password;
    },
    lockouts: () => lockouts,
    isReset: () => isReset,
    calls: () => calls,
    reset: () => {
      isReset = true;
      restore();
    },
    door: {
      protocol: 'redfish',
      proveLogin: (_node, as) => call(as, () => undefined),
      fetchLimits: (_node, as) => call(as, () => limits),
      list: (_node, as) =>
        call(as, () =>
          [...accounts].map(([username, { isEnabled }]) => ({
            id: `/accounts/${username}`,
            username,
            isEnabled,
            isLocked: false,
            privilege: 'administrator' as const,
            isNameFixed: false,
          })),
        ),
      set: (_node, as, { credential }) =>
        call(
          as,
          () => {
            change(credential);
            return `/accounts/${credential.username}`;
          },
          credential.username,
        ),
      disable: (_node, as, id) =>
        call(as, () => {
          const account = accounts.get(id.slice('/accounts/'.length));
          if (account !== undefined) account.isEnabled = false;
        }),
    },
  };
};
