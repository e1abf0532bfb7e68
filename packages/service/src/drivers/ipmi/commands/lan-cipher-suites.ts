// For which privilege a LAN channel accepts each of its cipher suites.

import { NET_FN, type IpmiCommand } from '../command.ts';
import { demand } from '../packet-reader.ts';

const PARAMETER = { entries: 23, privileges: 24 } as const;
const ENTRIES_MAX = 16;

const getLanParameter = <T>(
  channel: number,
  parameter: keyof typeof PARAMETER,
  read: (data: Buffer) => T,
): IpmiCommand<T> => ({
  name: `Get LAN Configuration Parameters cipher suite ${parameter}`,
  netFn: NET_FN.transport,
  command: 0x02,
  write: () => Buffer.from([channel, PARAMETER[parameter], 0, 0]),
  isRepeatable: true,
  read: (reader) => {
    reader.byte();
    // Reserved.
    reader.byte();
    demand(reader.leftBytes() >= 1);
    return read(reader.rest());
  },
});

/** The numbers of the suites, by place. */
export const getCipherSuiteEntries = (channel: number): IpmiCommand<readonly number[]> =>
  getLanParameter(channel, 'entries', (data) => [...data.subarray(0, ENTRIES_MAX)]);

/** The highest privilege of the suite in each place; 0: it is not accepted. */
export const getCipherSuitePrivileges = (channel: number): IpmiCommand<readonly number[]> =>
  getLanParameter(channel, 'privileges', (data) =>
    [...data.subarray(0, ENTRIES_MAX / 2)].flatMap((byte) => [byte & 0x0f, byte >> 4]),
  );
