import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readBmcInfo } from './bmc-info.ts';
import type { IpmiAnswer, IpmiRequest, SystemInterface } from './system-interface.ts';

const UNKNOWN: IpmiAnswer = { code: 0xc1, data: Buffer.alloc(0) };

/** Has a network, and knows no command about users. */
const withoutUsers: SystemInterface = {
  exchange: async ({ command, data }: IpmiRequest): Promise<IpmiAnswer> => {
    if (command === 0x01)
      return { code: 0, data: Buffer.from([0, 0, 2, 0x10, 2, 0, 7, 0, 0, 1, 0]) };
    if (command === 0x42 && data[0] === 1) return { code: 0, data: Buffer.from([1, 4]) };
    return UNKNOWN;
  },
  exchangeAll: async (requests) => requests.map(() => UNKNOWN),
};

test('a BMC without users of IPMI still says what it is', async () => {
  const info = await readBmcInfo(withoutUsers, null);

  assert.deepEqual([info.manufacturer_id, info.limits.users_max, info.channels.length], [7, 0, 1]);
});
