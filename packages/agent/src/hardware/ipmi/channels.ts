// Channels of a BMC, as far as accounts need them: which are wired networks, and what address they have.

import type { BmcChannel } from '@bessemer/protocol/agent/bmc-commands';
import { CommandFailure } from '../../command-failure.ts';
import { request, type SystemInterface } from './system-interface.ts';

const APP = 0x06;
const TRANSPORT = 0x0c;
const GET_CHANNEL_ACCESS = 0x41;
const GET_CHANNEL_INFO = 0x42;
const GET_LAN_PARAMETERS = 0x02;
const ADDRESS_PARAMETER = 3;
const MAC_PARAMETER = 5;
/** Which one is asked for: what is in force now. */
const ACTIVE = 0x80;
export const NETWORK_MEDIUM = 4;
const CHANNELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;

/** The ones that there are; reading of one that is refused is left out. */
export const readChannels = async (bmc: SystemInterface): Promise<readonly BmcChannel[]> => {
  const found: BmcChannel[] = [];
  for (const number of CHANNELS) {
    const info = await bmc.exchange(request(APP, GET_CHANNEL_INFO, number));
    const medium = (info.data[1] ?? 0) & 0x7f;
    if (info.code !== 0 || medium === 0) continue;
    found.push(await readChannel(bmc, number, medium));
  }
  return found;
};

const readChannel = async (
  bmc: SystemInterface,
  number: number,
  medium: number,
): Promise<BmcChannel> => {
  const isNetwork = medium === NETWORK_MEDIUM;
  const access = await bmc.exchange(request(APP, GET_CHANNEL_ACCESS, number, ACTIVE));
  const isTold = access.code === 0 && access.data.length >= 2;
  const address = isNetwork ? await readLan(bmc, number, ADDRESS_PARAMETER, 4) : undefined;
  const mac = isNetwork ? await readLan(bmc, number, MAC_PARAMETER, 6) : undefined;
  return {
    number,
    medium,
    accessMode: isTold ? (access.data[0] ?? 0) & 0x07 : null,
    privilegeLimit: isTold ? (access.data[1] ?? 0) & 0x0f : null,
    address: address?.join('.') ?? null,
    mac: mac?.toString('hex').replaceAll(/(..)(?!$)/g, '$1:') ?? null,
  };
};

/** Undefined when it is refused, cut or all zeros. */
const readLan = async (
  bmc: SystemInterface,
  channel: number,
  parameter: number,
  length: number,
): Promise<Buffer | undefined> => {
  const asked = request(TRANSPORT, GET_LAN_PARAMETERS, channel, parameter, 0, 0);
  const { code, data } = await bmc.exchange(asked);
  // The first byte is the revision of the parameter.
  const value = data.subarray(1, 1 + length);
  return code !== 0 || value.length < length || value.every((each) => each === 0)
    ? undefined
    : value;
};

export const networkChannels = async (bmc: SystemInterface): Promise<readonly number[]> => {
  const networks = (await readChannels(bmc)).filter(({ medium }) => medium === NETWORK_MEDIUM);
  if (networks.length > 0) return networks.map(({ number }) => number);
  throw new CommandFailure('CommandExecutionError', 'the BMC has no channel to a network');
};
