// From `ipmi_address` to the numeric address that is talked to: the system's answer, checked by the rules.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { AddressRules } from '../address-rules.ts';
import { IpmiFailure } from './failures.ts';

export type ResolveHost = (host: string) => Promise<string>;

export const makeResolveHost =
  (rules: AddressRules): ResolveHost =>
  async (host) => {
    const addresses = isIP(host) === 0 ? await addressesOf(host) : [host];
    const passing = addresses.find((address) => rules.objection(address) === undefined);
    if (passing !== undefined) return passing;
    const [first = ''] = addresses;
    const reason = rules.objection(first) ?? 'it has no address';
    throw new Failure('node.invalid', `ipmi_address: ${host} is ${first}: ${reason}`);
  };

const addressesOf = async (host: string): Promise<readonly string[]> => {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new IpmiFailure('no-answer', `Its name ${host} has no address (${reason}).`);
  }
};
