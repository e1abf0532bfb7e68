// Where the next start, or every start, comes from. The BMC forgets the choice after a minute without a start,
// or after a reset by other means, unless it is told not to.

import { NET_FN, type IpmiCommand } from '../command.ts';
import { demand, type PacketReader } from '../packet-reader.ts';

const DEVICES = {
  none: 0,
  network: 1,
  disk: 2,
  'disk-safe-mode': 3,
  diagnostics: 4,
  cdrom: 5,
  'firmware-setup': 6,
  'remote-floppy': 7,
  'remote-cdrom': 8,
  'remote-media': 9,
  'remote-disk': 11,
  floppy: 15,
} as const;

export type BootDevice = keyof typeof DEVICES;

export type BootFlags = {
  /** False: the flags below are not obeyed at the next start. */
  readonly isValid: boolean;
  readonly isPersistent: boolean;
  readonly isUefi: boolean;
  readonly device: BootDevice;
};

const PARAMETER = { flagsClearing: 3, bootInfoAcknowledge: 4, bootFlags: 5 } as const;
const VALID = 0x80;
const PERSISTENT = 0x40;
const UEFI = 0x20;
const VERSION = 1;

export const getBootFlags = (): IpmiCommand<BootFlags> => ({
  name: 'Get System Boot Options',
  netFn: NET_FN.chassis,
  command: 0x09,
  write: () => Buffer.from([PARAMETER.bootFlags, 0, 0]),
  isRepeatable: true,
  read: (reader) => {
    demand((reader.byte() & 0x0f) === VERSION);
    demand((reader.byte() & 0x7f) === PARAMETER.bootFlags);
    return readFlags(reader);
  },
});

const readFlags = (reader: PacketReader): BootFlags => {
  const flags = reader.byte();
  const device = (reader.byte() >> 2) & 0x0f;
  reader.take(3);
  const found = Object.entries(DEVICES).find(([, number]) => number === device);
  return {
    isValid: (flags & VALID) !== 0,
    isPersistent: (flags & PERSISTENT) !== 0,
    isUefi: (flags & UEFI) !== 0,
    device: (found?.[0] ?? 'none') as BootDevice,
  };
};

const setParameter = (parameter: number, data: readonly number[]): IpmiCommand<void> => ({
  name: 'Set System Boot Options',
  netFn: NET_FN.chassis,
  command: 0x08,
  write: () => Buffer.from([parameter, ...data]),
  isRepeatable: true,
  read: () => undefined,
});

export const setBootFlags = (flags: BootFlags): IpmiCommand<void> =>
  setParameter(PARAMETER.bootFlags, [
    (flags.isValid ? VALID : 0) | (flags.isPersistent ? PERSISTENT : 0) | (flags.isUefi ? UEFI : 0),
    DEVICES[flags.device] << 2,
    0,
    0,
    0,
  ]);

/** All reasons for which a BMC drops the flags, or the one after a minute only; many BMCs lack the command. */
export const setBootFlagsClearing = (isKeptOverMinute: boolean): IpmiCommand<void> =>
  setParameter(PARAMETER.flagsClearing, [isKeptOverMinute ? 0x08 : 0x00]);

/** Tells the firmware that it has not seen the new flags yet; some firmware ignores them otherwise. */
export const clearBootInfoAcknowledge = (): IpmiCommand<void> =>
  setParameter(PARAMETER.bootInfoAcknowledge, [0x01, 0x01]);
