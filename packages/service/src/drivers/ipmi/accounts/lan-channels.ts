// The channels that somebody could log in by over the network.

import { THIS_CHANNEL } from '../commands/channel.ts';
import { getChannelInfo } from '../commands/channel-info.ts';
import { IpmiFailure } from '../failures.ts';
import type { IpmiSession } from '../session.ts';

/** Numbers that a BMC gives to its channels; 0 is its own bus, from 12 on they have meanings of their own. */
const NUMBERS = Array.from({ length: 11 }, (_, at) => at + 1);

/** The one that the session itself came by first. */
export const fetchLanChannels = async (
  session: IpmiSession,
): Promise<readonly [number, ...number[]]> => {
  const own = (await ifThere(session.run(getChannelInfo(THIS_CHANNEL))))?.number ?? THIS_CHANNEL;
  const others: number[] = [];
  for (const number of NUMBERS.filter((each) => each !== own)) {
    const info = await ifThere(session.run(getChannelInfo(number)));
    if (info?.isLan === true && info.number === number) others.push(number);
  }
  return [own, ...others];
};

const REFUSALS: readonly string[] = ['command-refused', 'command-unsupported'];

/** Undefined where the BMC says that there is no such thing. */
export const ifThere = async <T>(asking: Promise<T>): Promise<T | undefined> => {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof IpmiFailure && REFUSALS.includes(error.trouble)) return undefined;
    throw error;
  }
};
