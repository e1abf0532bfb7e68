// `bmc.*`: the BMC of this machine, asked from inside. Passwords come in and never go out: not in results, not in the
// list of commands, not in the log, not in errors.

import { BMC_COMMANDS, type BmcUser } from '@bessemer/protocol/agent/bmc-commands';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { readBmcInfo } from '#hardware/ipmi/bmc-info';
import { networkChannels } from '#hardware/ipmi/channels';
import { disableUser, readUsers, setUser } from '#hardware/ipmi/users';
import type { AgentContext } from '../../agent-context.ts';
import type { Command } from '../command.ts';
import { checkChannel, checkDisable, checkUserWish } from './bmc-params.ts';
import { redfishBootstrap } from './redfish-bootstrap.ts';
import { requireTrust } from './require-trust.ts';

export const bmcCommands = (context: AgentContext): Command[] => {
  const { bmc, hostInterface } = context.hardware;

  /** They do not change while the ramdisk runs, and to find them takes dozens of questions. */
  let networks: readonly number[] | undefined;
  const channelsOf = async (asked: number | undefined): Promise<readonly [number, ...number[]]> => {
    if (asked !== undefined) return [asked];
    const [first, ...more] = (networks ??= await networkChannels(bmc));
    if (first === undefined) throw new Error('networkChannels answers with one at least');
    return [first, ...more];
  };
  const command = (
    name: string,
    check: (params: JsonObject) => unknown,
    run: (params: JsonObject) => Promise<unknown>,
  ): Command => ({
    name,
    kind: 'sync',
    validate: (params) => {
      requireTrust(context);
      check(params);
    },
    run: async ({ params }) => (await run(params)) as JsonValue,
  });
  const say = (deed: string, user: BmcUser, channels: readonly number[]): void => {
    const place = `user ${user.user_id} (${user.username || 'no name'})`;
    context.log.say(`BMC: ${place} was ${deed} on channel ${channels.join(', ')}`);
  };

  return [
    command(
      BMC_COMMANDS.getInfo,
      () => undefined,
      async () => readBmcInfo(bmc, await hostInterface()),
    ),
    command(BMC_COMMANDS.listUsers, checkChannel, async (params) => {
      const lists = [];
      for (const channel of await channelsOf(checkChannel(params))) {
        lists.push(await readUsers(bmc, channel));
      }
      return { channels: lists };
    }),
    command(BMC_COMMANDS.setUser, checkUserWish, async (params) => {
      const wish = checkUserWish(params);
      const password = Buffer.from(wish.password, 'latin1');
      // The text itself cannot be overwritten; it goes with the request that brought it.
      Reflect.deleteProperty(params, 'password');
      const channels = await channelsOf(wish.channel);
      const { username, privilege } = wish;
      const slotUserId = wish.slot_user_id;
      const user = await setUser(bmc, { slotUserId, username, password, privilege, channels });
      say('set', user, channels);
      return { user, channels };
    }),
    command(BMC_COMMANDS.disableUser, checkDisable, async (params) => {
      const { userId, channel } = checkDisable(params);
      const channels = await channelsOf(channel);
      const user = await disableUser(bmc, userId, channels);
      say('disabled', user, channels);
      return { user, channels };
    }),
    command(BMC_COMMANDS.redfishBootstrap, checkUserWish, async (params) => {
      const wish = checkUserWish(params);
      Reflect.deleteProperty(params, 'password');
      return redfishBootstrap(context.hardware, wish, context.clock);
    }),
  ];
};
