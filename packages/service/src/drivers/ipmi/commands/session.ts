// Commands about the session that they run in.

import { NET_FN, type IpmiCommand } from '../command.ts';
import { IpmiFailure } from '../failures.ts';
import { PRIVILEGES, type Privilege } from '../privilege.ts';

const LEVEL_UNAVAILABLE = [0x80, 0x81];

/** A session begins as `user`, whatever was asked at its opening. */
export const setSessionPrivilege = (privilege: Privilege): IpmiCommand<void> => ({
  name: 'Set Session Privilege Level',
  netFn: NET_FN.app,
  command: 0x3b,
  write: () => Buffer.from([PRIVILEGES[privilege]]),
  isRepeatable: true,
  expected: LEVEL_UNAVAILABLE,
  read: (reader, completionCode) => {
    if (LEVEL_UNAVAILABLE.includes(completionCode)) {
      throw new IpmiFailure('privilege-too-low', `${privilege} was asked for.`, { completionCode });
    }
    if ((reader.byte() & 0x0f) < PRIVILEGES[privilege]) {
      throw new IpmiFailure('privilege-too-low', `${privilege} was asked for.`);
    }
  },
});

export const closeSession = (bmcSessionId: number): IpmiCommand<void> => ({
  name: 'Close Session',
  netFn: NET_FN.app,
  command: 0x3c,
  write: () => {
    const data = Buffer.alloc(4);
    data.writeUInt32LE(bmcSessionId);
    return data;
  },
  isRepeatable: true,
  read: () => undefined,
});
