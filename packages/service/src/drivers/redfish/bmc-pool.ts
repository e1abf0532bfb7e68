// The BMCs that this process talks to. Per address one queue; per address and account one connection with its
// session, made on first use, ended when idle: BMCs have a handful of sessions and of sockets.

import type { Clock } from '#clock';
import type { Log } from '#observe/log';

import type { BmcAccess } from './access.ts';
import type { AddressRules } from '../address-rules.ts';
import { makeRedfishClient, type RedfishClient } from './client.ts';
import { makeExchange } from './exchange.ts';
import { makeLoginBudget, type LoginBudget } from '../login-budget.ts';
import { startOperation, type Operation } from './operation.ts';
import type { RedfishOptions } from './options.ts';
import { makeQueue, type Queue } from '../queue.ts';
import { makeSession, type Session } from './session.ts';
import { makeConnect } from './tls.ts';

/** What a call of the driver works with. */
export type Bmc = {
  readonly access: BmcAccess;
  readonly client: RedfishClient;
  readonly operation: Operation;
  readonly options: RedfishOptions;
  readonly clock: Clock;
  /** Found once per call: each look at the system would otherwise cost two more requests. */
  readonly found: { onlySystemPath?: string };
};

export type BmcPool = {
  readonly run: <T>(
    access: BmcAccess,
    timeoutMs: number,
    work: (bmc: Bmc) => Promise<T>,
  ) => Promise<T>;
  /** On a connection and in a session of its own, ended before it returns. */
  readonly runAlone: BmcPool['run'];
  readonly close: () => Promise<void>;
};

export type PoolParts = {
  readonly options: RedfishOptions;
  readonly rules: AddressRules;
  /** Shared by whoever logs in to the same BMCs; its own when undefined. */
  readonly budget?: LoginBudget;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'debug'>;
};

type Connection = {
  readonly access: BmcAccess;
  readonly queue: Queue;
  readonly client: RedfishClient;
  readonly session: Session;
  readonly end: () => Promise<void>;
};

type Entry = {
  readonly access: BmcAccess;
  readonly connection: Promise<Connection>;
  usersCount: number;
  cancelIdle: () => void;
};

/** A logout is a courtesy; it must not hold up the end of the process. */
const LOGOUT_MS_MAX = 3_000;

export const makeBmcPool = (parts: PoolParts): BmcPool => {
  const budget = parts.budget ?? makeLoginBudget(parts.clock, parts.options);
  const queues = new Map<string, Queue>();
  /** By address and account; normally one each, more while passwords or trust differ between nodes. */
  const entries = new Map<string, Entry[]>();
  /** Connections of `runAlone`. */
  const alone = new Set<BmcAccess>();

  const connect = async (access: BmcAccess): Promise<Connection> => {
    warnIfUnverified(parts.log, access);
    const queue =
      queues.get(access.origin) ?? makeQueue(access.origin, parts.options.queueLengthMax);
    queues.set(access.origin, queue);
    const connector = await makeConnect(access, parts.rules, parts.options.requestTimeoutMs);
    const exchange = makeExchange(access.origin, connector, parts.clock);
    const session = makeSession(access, exchange, budget);
    const client = makeRedfishClient({ access, exchange, session, queue, options: parts.options });
    const end = async (): Promise<void> => {
      await queue.run(() => session.close(LOGOUT_MS_MAX));
      await exchange.close();
    };
    return { access, queue, client, session, end };
  };

  const forget = (entry: Entry): void => {
    entry.cancelIdle();
    const key = keyOf(entry.access);
    const others = (entries.get(key) ?? []).filter((each) => each !== entry);
    if (others.length > 0) entries.set(key, others);
    else entries.delete(key);
  };

  const drop = async (entry: Entry): Promise<void> => {
    forget(entry);
    const connection = await entry.connection;
    await connection.end();
    // Another account of the same BMC keeps the queue: two queues would let requests overlap.
    const { origin } = entry.access;
    freeQueue(origin);
  };

  const freeQueue = (origin: string): void => {
    const users = [...[...entries.values()].flat().map(({ access }) => access), ...alone];
    if (!users.some((each) => each.origin === origin)) queues.delete(origin);
  };

  const entryOf = (access: BmcAccess): Entry => {
    const key = keyOf(access);
    const siblings = entries.get(key) ?? [];
    const known = siblings.find((entry) => isSameAccess(entry.access, access));
    if (known !== undefined) return known;
    const entry: Entry = {
      access,
      connection: connect(access),
      usersCount: 0,
      cancelIdle: () => undefined,
    };
    entries.set(key, [...siblings, entry]);
    return entry;
  };

  /** A connection that could not be made, e.g. for want of the CA file, is made anew the next time. */
  const connectionOf = async (entry: Entry): Promise<Connection> => {
    try {
      return await entry.connection;
    } catch (error) {
      forget(entry);
      throw error;
    }
  };

  return {
    run: async (access, timeoutMs, work) => {
      const entry = entryOf(access);
      entry.usersCount += 1;
      entry.cancelIdle();
      try {
        const { client } = await connectionOf(entry);
        const operation = startOperation(parts.clock, access.origin, timeoutMs);
        const { options, clock } = parts;
        return await work({ access, client, operation, options, clock, found: {} });
      } finally {
        entry.usersCount -= 1;
        if (entry.usersCount === 0 && entries.get(keyOf(access))?.includes(entry) === true) {
          entry.cancelIdle = parts.clock.after(parts.options.idleMs, () => {
            drop(entry).catch((error: unknown) => logLostEnd(parts.log, access, error));
          });
        }
      }
    },
    runAlone: async (given, timeoutMs, work) => {
      const access = { ...given };
      alone.add(access);
      try {
        const { client, end } = await connect(access);
        const operation = startOperation(parts.clock, access.origin, timeoutMs);
        const { options, clock } = parts;
        try {
          return await work({ access, client, operation, options, clock, found: {} });
        } finally {
          await end().catch((error: unknown) => logLostEnd(parts.log, access, error));
        }
      } finally {
        alone.delete(access);
        freeQueue(access.origin);
      }
    },
    close: async () => {
      const ends = await Promise.allSettled([...entries.values()].flat().map(drop));
      for (const end of ends) {
        if (end.status === 'rejected')
          parts.log.debug({ err: end.reason as unknown }, 'a BMC session was not ended');
      }
    },
  };
};

const keyOf = (access: BmcAccess): string => `${access.origin} ${access.username}`;

const isSameAccess = (one: BmcAccess, other: BmcAccess): boolean =>
  one.origin === other.origin &&
  one.username === other.username &&
  one.password.reveal() === other.password.reveal() &&
  one.authType === other.authType &&
  one.trust.isCaChecked === other.trust.isCaChecked &&
  one.trust.caFile === other.trust.caFile &&
  one.trust.caPem === other.trust.caPem &&
  one.trust.pin === other.trust.pin;

const warnIfUnverified = (log: PoolParts['log'], access: BmcAccess): void => {
  if (access.trust.isCaChecked || access.trust.pin !== null) return;
  log.warn(
    { event: 'bmc.tls.unverified', bmc: access.origin },
    'the certificate of this BMC is not checked, as redfish_verify_ca says: anybody in between can read its password',
  );
};

const logLostEnd = (log: PoolParts['log'], access: BmcAccess, error: unknown): void => {
  log.debug({ bmc: access.origin, err: error }, 'a BMC session was not ended');
};
