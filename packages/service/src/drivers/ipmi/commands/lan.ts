// Network parameters of a LAN channel.

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { NET_FN, type IpmiCommand } from '../command.ts';
import { demand } from '../packet-reader.ts';

const PARAMETER = {
  address: { number: 3, sizeBytes: 4 },
  source: { number: 4, sizeBytes: 1 },
  mac: { number: 5, sizeBytes: 6 },
  mask: { number: 6, sizeBytes: 4 },
  gateway: { number: 12, sizeBytes: 4 },
  vlan: { number: 20, sizeBytes: 2 },
} as const;

const SOURCES = ['unspecified', 'static', 'dhcp', 'firmware', 'other'] as const;

export type LanSource = (typeof SOURCES)[number];

const getParameter = <T>(
  channel: number,
  parameter: keyof typeof PARAMETER,
  read: (data: Buffer) => T,
): IpmiCommand<T> => {
  const { number, sizeBytes } = PARAMETER[parameter];
  return {
    name: `Get LAN Configuration Parameters ${parameter}`,
    netFn: NET_FN.transport,
    command: 0x02,
    write: () => Buffer.from([channel, number, 0, 0]),
    isRepeatable: true,
    read: (reader) => {
      reader.byte();
      demand(reader.leftBytes() === sizeBytes);
      return read(reader.take(sizeBytes));
    },
  };
};

const setParameter = (
  channel: number,
  parameter: keyof typeof PARAMETER,
  data: readonly number[],
): IpmiCommand<void> => ({
  name: `Set LAN Configuration Parameters ${parameter}`,
  netFn: NET_FN.transport,
  command: 0x01,
  write: () => Buffer.from([channel, PARAMETER[parameter].number, ...data]),
  isRepeatable: true,
  read: () => undefined,
});

const dotted = (data: Buffer): string => data.join('.');

export const getLanAddress = (channel: number) => getParameter(channel, 'address', dotted);
export const getLanMask = (channel: number) => getParameter(channel, 'mask', dotted);
export const getLanGateway = (channel: number) => getParameter(channel, 'gateway', dotted);

export const getLanMac = (channel: number) =>
  getParameter(channel, 'mac', (data) =>
    [...data].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
  );

export const getLanSource = (channel: number) =>
  getParameter(
    channel,
    'source',
    (data): LanSource => SOURCES[data.readUInt8() & 0x0f] ?? 'unspecified',
  );

/** Null: packets are not tagged. */
export const getLanVlan = (channel: number) =>
  getParameter(channel, 'vlan', (data) => {
    const value = data.readUInt16LE();
    return (value & 0x8000) === 0 ? null : value & 0x0fff;
  });

/** The session runs over what is changed: the answer may not come, and the BMC has to be found again. */
export const setLanAddress = (channel: number, address: string): IpmiCommand<void> =>
  setParameter(channel, 'address', octetsOf(address));
export const setLanMask = (channel: number, mask: string): IpmiCommand<void> =>
  setParameter(channel, 'mask', octetsOf(mask));
export const setLanGateway = (channel: number, gateway: string): IpmiCommand<void> =>
  setParameter(channel, 'gateway', octetsOf(gateway));
export const setLanSource = (channel: number, source: LanSource): IpmiCommand<void> =>
  setParameter(channel, 'source', [SOURCES.indexOf(source)]);

const octetsOf = (text: string): readonly number[] => {
  const octets = text.split('.').map(Number);
  const isOctet = (each: number): boolean => Number.isInteger(each) && each >= 0 && each <= 255;
  if (octets.length === 4 && octets.every(isOctet)) return octets;
  throw new Refusal(400, 'An IPMI LAN parameter is an IPv4 address in dotted form');
};
