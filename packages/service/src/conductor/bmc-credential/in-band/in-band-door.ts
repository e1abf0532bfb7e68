// Accounts of a BMC through the agent in the machine. The agent must be trusted as far as passwords ask for ([bmc_credentials]
// require_agent_trust): a token, a TLS key that was known before it spoke, and our own certificate shown to it. To any
// other agent nothing is sent. Stock agents have no such commands, and say so when they are asked what the BMC is.

import {
  BMC_COMMANDS,
  type BmcUser,
  type BmcUserList,
  type BmcUserSet,
} from '@bessemer/protocol/agent/bmc-commands';
import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import type { BmcAccount, BmcAccountPrivilege } from '#drivers/bmc-accounts';
import { type AgentSessionRecord, findOpenSession } from '#store/agent-sessions';

import { commandFailure } from '../../agent-session/agent-command.ts';
import { withAgent } from '../../agent-session/with-agent.ts';
import { doorsOf } from '../credential-parts.ts';
import type { InBandDoor, OpenInBandDoor } from './in-band.ts';

type DoorJob = Parameters<OpenInBandDoor>[0];

const PRIVILEGES: { readonly [name: string]: BmcAccountPrivilege } = {
  callback: 'other',
  user: 'user',
  operator: 'operator',
  administrator: 'administrator',
  oem: 'other',
  none: 'none',
};
const RANKS: readonly BmcAccountPrivilege[] = [
  'none',
  'other',
  'user',
  'operator',
  'administrator',
];
/** A BMC has at most 63 users and 11 channels; what says more is not a BMC. */
const USERS_MAX = 63;
const CHANNELS_MAX = 11;
const ACCOUNT_PATTERN = /^\/redfish\/v1\/[\w./-]{1,200}$/;
const CAUSE_CHARS_MAX = 300;

/** Why the agent of this session may not be told a password; undefined: it may. */
export const trustObstacle = (
  session: Pick<AgentSessionRecord, 'state' | 'trustLevel' | 'pin' | 'callbackUrl'> | undefined,
  isConductorProven: boolean,
  trustMin: number,
): string | undefined => {
  if (session?.state !== 'BOUND' || session.callbackUrl === null) {
    return 'no agent of ours runs on the machine';
  }
  if (session.trustLevel < trustMin) {
    return `trust too low: the agent has level ${session.trustLevel}, and passwords of BMCs need ${trustMin}`;
  }
  if (session.pin === null || !session.callbackUrl.startsWith('https:')) {
    return 'trust too low: the agent is spoken to without TLS, or with a key that nobody knows';
  }
  return isConductorProven
    ? undefined
    : 'trust too low: this conductor has no certificate to show to the agent';
};

export const openInBandDoor: OpenInBandDoor = (job): InBandDoor => {
  const trustMin = job.parts.bmcCredentials?.options.agentTrustMin ?? Number.POSITIVE_INFINITY;

  const findTrustObstacle = async (): Promise<string | undefined> => {
    const session = await findOpenSession(job.parts.store.db, job.node.uuid);
    return trustObstacle(session, job.parts.identity !== undefined, trustMin);
  };
  const run = async (name: string, params: JsonObject): Promise<JsonValue> => {
    const obstacle = await findTrustObstacle();
    if (obstacle !== undefined) throw new Failure('agent.not-believed', `${obstacle}.`);
    return send(job, name, params);
  };

  return {
    findObstacle: async () => {
      const obstacle = await findTrustObstacle();
      // Nobody holds the node yet: its agent takes no command, and need not be asked.
      if (obstacle !== undefined || job.fence === 0) return obstacle;
      try {
        await send(job, BMC_COMMANDS.getInfo, {});
        return undefined;
      } catch (error) {
        if (error instanceof Failure) return obstacleOf(error);
        throw error;
      }
    },
    set: async (_node, { id, credential }) => {
      const password = credential.password.reveal();
      const { username } = credential;
      const wish = { username, password, privilege: 'administrator' } as const;
      const slot = id === null ? {} : { slot_user_id: Number(id) };
      try {
        return String(readSet(await run(BMC_COMMANDS.setUser, { ...slot, ...wish })).user.user_id);
      } catch (error) {
        if (!hasNoUsers(error) || !isRedfishOnly(job)) throw withoutPassword(error, password);
        return setByRedfish(() => run(BMC_COMMANDS.redfishBootstrap, wish), error).catch(
          (thrown: unknown) => {
            throw withoutPassword(thrown, password);
          },
        );
      }
    },
    list: async () => mergeLists(readLists(await run(BMC_COMMANDS.listUsers, {}))),
    disable: async (_node, id) => {
      await run(BMC_COMMANDS.disableUser, { user_id: Number(id) });
    },
  };
};

const send = async (job: DoorJob, name: string, params: JsonObject): Promise<JsonValue> => {
  const result = await withAgent(job, (agent) => agent.send(name, params, { isWaiting: true }));
  if (result.command_status !== 'SUCCEEDED') throw believed(commandFailure(result));
  return result.command_result;
};

/** What an agent may say of a BMC. That the secret store is away, or the BMC locked, is known from elsewhere. */
const SAID_OF_BMC: readonly FailureCode[] = [
  'bmc.accounts-full',
  'bmc.account-fixed',
  'bmc.password-policy',
  'bmc.protocol',
];

const believed = ({ code, message }: Failure): Failure =>
  new Failure(SAID_OF_BMC.includes(code) ? code : 'agent.command-failed', message);

/** The BMC has no place for a user of IPMI, or does not know what that is. Nothing was lost on the way. */
const NO_USERS: readonly FailureCode[] = [
  'agent.command-failed',
  'bmc.account-fixed',
  'bmc.accounts-full',
];

const hasNoUsers = (error: unknown): error is Failure =>
  error instanceof Failure && NO_USERS.includes(error.code);

/** An account that Redfish makes is one of IPMI on some BMCs only. */
const isRedfishOnly = ({ node, parts }: DoorJob): boolean => {
  const doors = doorsOf(parts.drivers.driverOf(node), node);
  return doors.length > 0 && doors.every(({ protocol }) => protocol === 'redfish');
};

/** Throws what `before` was, with the reason beside it, where there is no such way. */
const setByRedfish = async (ask: () => Promise<JsonValue>, before: Failure): Promise<string> => {
  const result = await ask();
  const { supported, account, cause } = isJsonObject(result) ? result : {};
  if (supported === true && typeof account === 'string' && ACCOUNT_PATTERN.test(account)) {
    return account;
  }
  if (supported !== false || typeof cause !== 'string') throw notProtocol();
  const reason = cause.slice(0, CAUSE_CHARS_MAX);
  throw new Failure(before.code, `${before.message} By Redfish from inside: ${reason}.`);
};

/** A stock agent answers 404 to a command of a kind that it does not have. */
const obstacleOf = (failure: Failure): string =>
  failure.details['status'] === 404
    ? 'the agent on the machine has no commands for BMCs (a stock agent, or an old ramdisk)'
    : failure.message.replace(/\.$/, '');

/** What an agent answers is its own: an agent that repeats what it was told is not repeated. */
const withoutPassword = (error: unknown, password: string): unknown =>
  error instanceof Failure && error.message.includes(password)
    ? new Failure(error.code, 'The agent failed, and repeats what it was told; that is not shown.')
    : error;

const notProtocol = (): Failure =>
  new Failure('agent.protocol', 'The agent answered something else than users of a BMC.');

const isUser = (value: unknown): value is BmcUser =>
  isJsonObject(value) &&
  Number.isInteger(value['user_id']) &&
  typeof value['username'] === 'string' &&
  typeof value['privilege'] === 'string' &&
  (typeof value['enabled'] === 'boolean' || value['enabled'] === null);

const readSet = (result: JsonValue): Pick<BmcUserSet, 'user'> => {
  const user = isJsonObject(result) ? result['user'] : undefined;
  if (!isUser(user)) throw notProtocol();
  return { user };
};

const readLists = (result: JsonValue): readonly Pick<BmcUserList, 'users'>[] => {
  const lists = isJsonObject(result) ? result['channels'] : undefined;
  if (!Array.isArray(lists) || lists.length > CHANNELS_MAX) throw notProtocol();
  return lists.map((list) => {
    const users: unknown = isJsonObject(list) ? list['users'] : undefined;
    if (!Array.isArray(users) || users.length > USERS_MAX || !users.every(isUser)) {
      throw notProtocol();
    }
    return { users };
  });
};

const accountOf = (user: BmcUser): BmcAccount => ({
  id: String(user.user_id),
  username: user.username,
  isEnabled: user.enabled,
  isLocked: null,
  privilege: PRIVILEGES[user.privilege] ?? 'other',
  isNameFixed: user.name_fixed,
});

/** A user is one on all channels, and may have another privilege on each. */
const mergeLists = (lists: readonly Pick<BmcUserList, 'users'>[]): readonly BmcAccount[] => {
  const merged = new Map<string, BmcAccount>();
  for (const account of lists.flatMap(({ users }) => users.map(accountOf))) {
    const before = merged.get(account.id);
    const isHigher =
      before === undefined || RANKS.indexOf(account.privilege) > RANKS.indexOf(before.privilege);
    if (isHigher) merged.set(account.id, account);
  }
  return [...merged.values()];
};
