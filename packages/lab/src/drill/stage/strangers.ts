// Addresses of attackers: each used once, since the product remembers who called. Two runs of drills side by side must
// not meet, so each has a block of the loopback network of its own.

import { randomInt } from 'node:crypto';

import { LabFailure } from '../../lab-failure.ts';

const BLOCK_FIRST = 100;
const BLOCK_END = 250;
const HOSTS = 250;
const ADDRESSES_MAX = HOSTS * 256;

export const makeStrangers = (): (() => string) => {
  const block = randomInt(BLOCK_FIRST, BLOCK_END);
  let used = 0;
  return () => {
    if (used >= ADDRESSES_MAX) throw new LabFailure('out of addresses for attackers');
    const address = `127.${block}.${Math.floor(used / HOSTS)}.${(used % HOSTS) + 1}`;
    used += 1;
    return address;
  };
};
