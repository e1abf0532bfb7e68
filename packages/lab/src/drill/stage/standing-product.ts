// A service that runs already: known by its addresses, its data directory for the account and the authority.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { LabFailure } from '../../lab-failure.ts';
import { accountOf, type Product, spokenTo } from './product.ts';
import type { Stage } from './stage.ts';
import { makeStrangers } from './strangers.ts';

export type StandingWish = {
  readonly url: string;
  /** Of `bessemer serve --data`. */
  readonly data: string;
  readonly agentUrl: string;
  readonly bootUrl: string;
  /** Empty: it serves no boots over the network. */
  readonly netbootUrl: string;
};

export const standingProduct = (wish: StandingWish): Product => {
  const { data, ...urls } = wish;
  const ca = readFileSync(join(data, 'ca', 'ca.crt'), 'utf8');
  return {
    ...spokenTo({ ...urls, ca, account: accountOf(data) }),
    data,
    pid: undefined,
    stop: async () => {},
  };
};

const isOnLoopback = (url: string): boolean => /^https?:\/\/127\./.test(url);

/** For drills that need a service and nothing else: no machine is enrolled at somebody's service. */
export const standingStage = (wish: StandingWish): Stage => {
  const noMachine = (): never => {
    throw new LabFailure('only against a service of its own: it needs machines');
  };
  return {
    directory: '',
    product: standingProduct(wish),
    machine: noMachine,
    node: async () => noMachine(),
    played: async () => noMachine(),
    networked: async () => noMachine(),
    // Over a network an attacker has the addresses that this host has.
    stranger: isOnLoopback(wish.agentUrl) ? makeStrangers() : () => '',
    close: async () => {},
  };
};
