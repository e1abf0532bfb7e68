// What the BMC is.

import { NET_FN, type IpmiCommand } from '../command.ts';
import { demand } from '../packet-reader.ts';

export type DeviceId = {
  readonly deviceId: number;
  readonly deviceRevision: number;
  /** `9.08` */
  readonly firmware: string;
  /** It answers, and is busy with its firmware or its start. */
  readonly isUpdating: boolean;
  /** `2.0` */
  readonly ipmiVersion: string;
  /** IANA enterprise number. */
  readonly manufacturer: number;
  readonly product: number;
};

export const getDeviceId = (): IpmiCommand<DeviceId> => ({
  name: 'Get Device ID',
  netFn: NET_FN.app,
  command: 0x01,
  isRepeatable: true,
  read: (reader) => {
    const deviceId = reader.byte();
    const deviceRevision = reader.byte() & 0x0f;
    const major = reader.byte();
    const minor = reader.byte();
    const version = reader.byte();
    reader.byte();
    return {
      deviceId,
      deviceRevision,
      firmware: `${major & 0x7f}.${minor.toString(16).padStart(2, '0')}`,
      isUpdating: (major & 0x80) !== 0,
      ipmiVersion: `${version & 0x0f}.${version >> 4}`,
      manufacturer: reader.uint24() & 0x0f_ffff,
      product: reader.uint16(),
    };
  },
});

/**
 * The 16 bytes as lower-case hex, in the order of the wire: BMCs disagree whether these are in SMBIOS order, in
 * the specification's reversed order or in that of RFC 4122, so whoever compares has to try.
 */
export const getSystemGuid = (): IpmiCommand<string> => ({
  name: 'Get System GUID',
  netFn: NET_FN.app,
  command: 0x37,
  isRepeatable: true,
  read: (reader) => {
    demand(reader.leftBytes() === 16);
    return reader.take(16).toString('hex');
  },
});
