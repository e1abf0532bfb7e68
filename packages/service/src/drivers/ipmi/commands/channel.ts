// How a channel may be used, and which cipher suites it offers.

import { NET_FN, type IpmiCommand } from '../command.ts';
import { PRIVILEGES, privilegeName, type Privilege } from '../privilege.ts';

/** The channel that the session itself runs over. */
export const THIS_CHANNEL = 0x0e;

const ACCESS_MODES = ['disabled', 'pre-boot', 'always', 'shared'] as const;

export type ChannelAccess = {
  readonly mode: (typeof ACCESS_MODES)[number];
  readonly isAlerting: boolean;
  readonly isPerMessageAuthenticated: boolean;
  readonly isUserLevelAuthenticated: boolean;
  readonly privilegeLimit: Privilege | 'none' | 'oem';
};

/** `stored` outlives a restart of the BMC, `active` is in force now. */
export type AccessCopy = 'stored' | 'active';

const copyBits = (copy: AccessCopy): number => (copy === 'stored' ? 0x40 : 0x80);

export const getChannelAccess = (
  channel: number,
  copy: AccessCopy,
): IpmiCommand<ChannelAccess> => ({
  name: 'Get Channel Access',
  netFn: NET_FN.app,
  command: 0x41,
  write: () => Buffer.from([channel, copyBits(copy)]),
  isRepeatable: true,
  read: (reader) => {
    const flags = reader.byte();
    return {
      mode: ACCESS_MODES[flags & 0x07] ?? 'disabled',
      isAlerting: (flags & 0x20) === 0,
      isPerMessageAuthenticated: (flags & 0x10) === 0,
      isUserLevelAuthenticated: (flags & 0x08) === 0,
      privilegeLimit: privilegeName(reader.byte() & 0x0f),
    };
  },
});

export const setChannelAccess = (
  channel: number,
  copy: AccessCopy,
  access: Omit<ChannelAccess, 'privilegeLimit'> & { readonly privilegeLimit: Privilege },
): IpmiCommand<void> => ({
  name: 'Set Channel Access',
  netFn: NET_FN.app,
  command: 0x40,
  write: () =>
    Buffer.from([
      channel,
      copyBits(copy) |
        (access.isAlerting ? 0 : 0x20) |
        (access.isPerMessageAuthenticated ? 0 : 0x10) |
        (access.isUserLevelAuthenticated ? 0 : 0x08) |
        ACCESS_MODES.indexOf(access.mode),
      copyBits(copy) | PRIVILEGES[access.privilegeLimit],
    ]),
  isRepeatable: true,
  read: () => undefined,
});

const SUITE_RECORD = { standard: 0xc0, oem: 0xc1 } as const;
const OEM_BYTES = 3;

/** One of the up to 64 pieces of 16 bytes; a shorter piece is the last. `cipherSuitesIn` reads them together. */
export const getCipherSuitePiece = (channel: number, piece: number): IpmiCommand<Buffer> => ({
  name: 'Get Channel Cipher Suites',
  netFn: NET_FN.app,
  command: 0x54,
  write: () => Buffer.from([channel, 0x00, 0x80 | piece]),
  isRepeatable: true,
  read: (reader) => {
    reader.byte();
    return Buffer.from(reader.rest());
  },
});

export const CIPHER_SUITE_PIECE_BYTES = 16;

/** Numbers of the standard suites in the records; what is not understood is passed over. */
export const cipherSuitesIn = (records: Buffer): readonly number[] => {
  const found: number[] = [];
  for (let at = 0; at + 1 < records.length; at += 1) {
    if (records[at] === SUITE_RECORD.standard) found.push(records.readUInt8(at + 1));
    if (records[at] === SUITE_RECORD.standard) at += 1;
    else if (records[at] === SUITE_RECORD.oem) at += 1 + OEM_BYTES;
  }
  return found;
};
