// The BMCs that this process talks to over IPMI. Per BMC one session at a time, made for one piece of work and ended
// with it: BMCs have a handful of sessions, and forget one without traffic after a minute.
//
// Every login asks the budget first and reports its outcome, so that no feature can lock an account.

import type { Clock } from '#clock';

import type { LoginBudget } from '../login-budget.ts';
import { makeQueue, type Queue } from '../queue.ts';
import type { IpmiAccess } from './access.ts';
import { connectIpmi } from './client.ts';
import { IpmiFailure } from './failures.ts';
import type { IpmiOptions } from './options.ts';
import type { ResolveHost } from './resolve-host.ts';
import type { IpmiSession } from './session.ts';
import { openUdpTransport, systemRandom } from './udp-transport.ts';

export type IpmiBmcs = {
  /**
   * Runs `work` in a fresh session, ended before this returns. Keep it short: others wait. Failures name the BMC;
   * Failure 'bmc.login-budget' when the login is held back.
   */
  readonly run: <T>(access: IpmiAccess, work: (session: IpmiSession) => Promise<T>) => Promise<T>;
};

export type BmcsParts = {
  readonly options: IpmiOptions;
  readonly budget: LoginBudget;
  readonly resolveHost: ResolveHost;
  readonly clock: Clock;
};

/** Of what a BMC can refuse a login for, these count against the account. */
const REFUSED_LOGINS: readonly string[] = ['wrong-password', 'wrong-user'];

export const makeIpmiBmcs = (parts: BmcsParts): IpmiBmcs => {
  const queues = new Map<string, Queue>();

  const login = async (access: IpmiAccess): Promise<IpmiSession> => {
    const { origin, username } = access;
    const account = { origin, username, password: access.password.reveal() };
    parts.budget.require(account);
    const address = await parts.resolveHost(access.host);
    const transport = await openUdpTransport(address, access.port);
    const { clock, options } = parts;
    try {
      const session = await connectIpmi(
        { transport, clock, random: systemRandom, waitsMs: options.waitsMs },
        access,
      );
      parts.budget.noteAccepted(account);
      return session;
    } catch (error) {
      if (error instanceof IpmiFailure && REFUSED_LOGINS.includes(error.trouble)) {
        parts.budget.noteRefused(account);
      }
      throw error;
    }
  };

  const runNow = async <T>(
    access: IpmiAccess,
    work: (session: IpmiSession) => Promise<T>,
  ): Promise<T> => {
    const session = await login(access);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  };

  return {
    run: async (access, work) => {
      const { origin } = access;
      const queue = queues.get(origin) ?? makeQueue(origin, parts.options.queueLengthMax);
      queues.set(origin, queue);
      try {
        return await queue.run(() => runNow(access, work));
      } catch (error) {
        throw error instanceof IpmiFailure ? error.at(origin) : error;
      } finally {
        if (queue.length() === 0 && queues.get(origin) === queue) queues.delete(origin);
      }
    },
  };
};
