// What the BMC says about itself.

import { suiteRecords, SUITES } from '../suites.ts';
import { completed, type CommandTable } from './command.ts';

const PIECE_BYTES = 16;
const LAN_CHANNEL = 1;
/** No authentication, integrity or encryption. Only told of: a session with it is not opened. */
const SUITE_ZERO = Buffer.from([0xc0, 0, 0x00, 0x40, 0x80]);
const IPMI_2 = 0x02;
/** Private enterprise number; one that no vendor has. */
const MANUFACTURER = [0xff, 0xff, 0x00];

export const identityCommands: CommandTable = {
  '06.01': {
    privilege: 2,
    run: () => completed(0x20, 0x01, 0x01, 0x05, 0x02, 0x80, ...MANUFACTURER, 0x01, 0x00),
  },
  '06.37': { privilege: 0, run: ({ bmc }) => ({ code: 0, data: bmc.guid }) },
  '06.38': {
    privilege: 0,
    bytesMin: 2,
    run: ({ bmc, data }) => {
      const isExtended = (data.readUInt8(0) & 0x80) !== 0;
      const anonymous = bmc.users.get(1)?.isEnabled === true ? 0x01 : 0x00;
      const status = 0x04 | anonymous | (bmc.bmcKey === null ? 0 : 0x20);
      return completed(LAN_CHANNEL, isExtended ? 0x80 : 0, status, IPMI_2, 0, 0, 0, 0);
    },
  },
  '06.54': {
    privilege: 0,
    bytesMin: 3,
    run: ({ bmc, data }) => {
      const known = SUITES.filter(({ id }) => id !== 17 || !bmc.faults.has('no-sha256'));
      const records = bmc.faults.has('suite-zero')
        ? Buffer.concat([SUITE_ZERO, suiteRecords(known)])
        : suiteRecords(known);
      const at = (data.readUInt8(2) & 0x3f) * PIECE_BYTES;
      return completed(LAN_CHANNEL, ...records.subarray(at, at + PIECE_BYTES));
    },
  },
};
