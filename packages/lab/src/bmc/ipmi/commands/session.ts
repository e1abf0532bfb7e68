// Commands about sessions and the channel that they come by.

import type { ChannelSettings, IpmiBmc } from '../bmc-memory.ts';
import { CODE, completed, type CommandTable } from './command.ts';

const THIS_CHANNEL = 0x0e;
const LAN_CHANNEL = 1;
const STORED = 0x40;
const ACTIVE = 0x80;

export const isLanChannel = (channel: number): boolean =>
  [THIS_CHANNEL, LAN_CHANNEL].includes(channel & 0x0f);

const copyOf = (bmc: IpmiBmc, bits: number): ChannelSettings | undefined =>
  bits === STORED ? bmc.channel.stored : bits === ACTIVE ? bmc.channel.active : undefined;

export const sessionCommands: CommandTable = {
  '06.3b': {
    privilege: 2,
    bytesMin: 1,
    run: ({ bmc, data, session }) => {
      const asked = data.readUInt8(0) & 0x0f;
      const user = session?.challenge?.user;
      if (session === null || user === undefined) return { code: CODE.invalidField };
      // The level that the session was opened with binds it for good.
      const granted = session.challenge?.role ?? 0;
      const limit = Math.min(user.privilege, bmc.channel.active.privilege, granted || 4);
      if (asked > limit) return { code: 0x81 };
      if (asked !== 0) session.privilege = asked;
      return completed(session.privilege);
    },
  },
  '06.3c': {
    privilege: 1,
    bytesMin: 4,
    // The server removes the session after the answer has left.
    run: ({ data, session }) =>
      data.readUInt32LE(0) === session?.bmcId ? completed() : { code: 0x87 },
  },
  '06.40': {
    privilege: 4,
    bytesMin: 3,
    run: ({ bmc, data }) => {
      if (!isLanChannel(data.readUInt8(0))) return { code: CODE.invalidField };
      const settings = copyOf(bmc, data.readUInt8(1) & 0xc0);
      if (settings !== undefined) settings.flags = data.readUInt8(1) & 0x3f;
      const limited = copyOf(bmc, data.readUInt8(2) & 0xc0);
      if (limited !== undefined) limited.privilege = data.readUInt8(2) & 0x0f;
      return completed();
    },
  },
  '06.41': {
    privilege: 2,
    bytesMin: 2,
    run: ({ bmc, data }) => {
      const settings = copyOf(bmc, data.readUInt8(1) & 0xc0);
      if (!isLanChannel(data.readUInt8(0)) || settings === undefined) {
        return { code: CODE.invalidField };
      }
      return completed(settings.flags, settings.privilege);
    },
  },
  '06.42': {
    privilege: 2,
    bytesMin: 1,
    run: ({ data }) =>
      isLanChannel(data.readUInt8(0))
        ? // 802.3 LAN, IPMB-1.0 protocol, multi-session; IPMI's own enterprise number.
          completed(LAN_CHANNEL, 0x04, 0x01, 0x80, 0xf2, 0x1b, 0x00, 0, 0)
        : { code: CODE.invalidField },
  },
};
