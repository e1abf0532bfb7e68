// What a channel is.

import { NET_FN, type IpmiCommand } from '../command.ts';

export type ChannelInfo = {
  readonly number: number;
  readonly isLan: boolean;
};

const LAN_MEDIA = { ethernet: 4, other: 6 } as const;

export const getChannelInfo = (channel: number): IpmiCommand<ChannelInfo> => ({
  name: 'Get Channel Info',
  netFn: NET_FN.app,
  command: 0x42,
  write: () => Buffer.from([channel]),
  isRepeatable: true,
  read: (reader) => {
    const number = reader.byte() & 0x0f;
    const medium = reader.byte() & 0x7f;
    return { number, isLan: Object.values<number>(LAN_MEDIA).includes(medium) };
  },
});
