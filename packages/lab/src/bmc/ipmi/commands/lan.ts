// LAN parameters: kept and shown; the BMC listens where the lab put it all the same.

import type { IpmiBmc } from '../bmc-memory.ts';
import { CODE, completed, type CommandTable } from './command.ts';
import { isLanChannel } from './session.ts';

const REVISION = 0x11;
const UNSUPPORTED_PARAMETER = 0x80;
const READ_ONLY = 0x82;

/** What a parameter is until somebody sets it. */
const DEFAULTS: { readonly [parameter: number]: readonly number[] } = {
  0: [0],
  1: [0],
  2: [0, 0, 0, 0, 0],
  3: [127, 0, 0, 1],
  4: [1],
  5: [0x02, 0, 0, 0, 0, 1],
  6: [255, 0, 0, 0],
  7: [64, 0x40, 0x10],
  12: [127, 0, 0, 254],
  20: [0, 0],
  // Suites 3 and 17, up to administrator.
  22: [2],
  23: [0, 3, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  24: [0, 0x44, 0, 0, 0, 0, 0, 0, 0],
};
const FIXED = [1, 22, 23];

export const lanCommands: CommandTable = {
  '0c.01': {
    privilege: 4,
    bytesMin: 2,
    run: ({ bmc, data }) => {
      const parameter = data.readUInt8(1);
      const size = DEFAULTS[parameter]?.length;
      if (!isLanChannel(data.readUInt8(0))) return { code: CODE.invalidField };
      if (size === undefined) return { code: UNSUPPORTED_PARAMETER };
      if (FIXED.includes(parameter)) return { code: READ_ONLY };
      if (data.length !== 2 + size) return { code: CODE.tooShort };
      bmc.lanParameters.set(parameter, Buffer.from(data.subarray(2)));
      return completed();
    },
  },
  '0c.02': {
    privilege: 3,
    bytesMin: 4,
    run: ({ bmc, data }) => {
      const parameter = data.readUInt8(1);
      const value =
        bmc.lanParameters.get(parameter) ?? suiteParameter(bmc, parameter) ?? DEFAULTS[parameter];
      if (!isLanChannel(data.readUInt8(0))) return { code: CODE.invalidField };
      return value === undefined ? { code: UNSUPPORTED_PARAMETER } : completed(REVISION, ...value);
    },
  },
};

/** With cipher suite 0 before the others; its level is the fault's. */
const suiteParameter = (bmc: IpmiBmc, parameter: number): readonly number[] | undefined => {
  const level = bmc.faults.get('suite-zero');
  if (level === undefined) return undefined;
  const none = Array.from({ length: 13 }, () => 0);
  return { 22: [3], 23: [0, 0, 3, 17, ...none], 24: [0, 0x40 | level, 0x04, ...none.slice(7)] }[
    parameter
  ];
};
