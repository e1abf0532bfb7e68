// Finding the account service of a BMC, and the accounts in it.

import { Failure } from '@bessemer/protocol/errors/failure';

import { isChangeDemanded } from '../../change-demanded.ts';
import type { Bmc } from '../bmc-pool.ts';
import type { Resource } from '../client.ts';
import { linkAt, linksAt, pathAt } from '../links.ts';
import { BmcRefused } from '../refused.ts';
import { userNameOf } from './account-record.ts';

const ROOT = '/redfish/v1/';

/** Undefined where the BMC has none. */
export const findAccountService = async ({
  client,
  operation,
}: Bmc): Promise<Resource | undefined> => {
  const root = await client.fetch(ROOT, operation);
  const path = linkAt(client.origin, root.body, 'AccountService');
  return path === undefined ? undefined : client.fetch(path, operation);
};

export const fetchAccountService = async (bmc: Bmc): Promise<Resource> => {
  const service = await findAccountService(bmc);
  if (service !== undefined) return service;
  throw new Failure('bmc.unsupported', `The BMC at ${bmc.client.origin} has no account service`);
};

export type AccountList = {
  /** Where accounts are made. */
  readonly path: string;
  readonly accounts: readonly Resource[];
};

export const fetchAccounts = async (bmc: Bmc): Promise<AccountList> => {
  const { client, operation } = bmc;
  const service = await fetchAccountService(bmc);
  const path = linkAt(client.origin, service.body, 'Accounts');
  if (path === undefined) {
    throw new Failure('bmc.protocol', `The BMC at ${client.origin} does not tell its accounts`);
  }
  const collection = await client.fetch(path, operation);
  const accounts: Resource[] = [];
  for (const member of linksAt(client.origin, collection.body, 'Members')) {
    const account = await unlessGone(client.fetch(member, operation));
    if (account !== undefined) accounts.push(account);
  }
  return { path, accounts };
};

/** Between the list and the look at it an account may have been removed. */
export const unlessGone = async (looking: Promise<Resource>): Promise<Resource | undefined> => {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof BmcRefused && error.status === 404) return undefined;
    throw error;
  }
};

/**
 * The account that the session belongs to. One that has to change its password first can see nothing else, and the
 * BMC names it in its refusal.
 */
export const fetchOwnAccount = async (bmc: Bmc, id: string | null): Promise<Resource> => {
  const { access, client, operation } = bmc;
  try {
    const known = await fetchKnown(bmc, id);
    if (known !== undefined && userNameOf(known) === access.username) return known;
    const { accounts } = await fetchAccounts(bmc);
    const own = accounts.find((each) => userNameOf(each) === access.username);
    if (own !== undefined) return own;
  } catch (error) {
    const path = demandedAccount(client.origin, error);
    if (path === undefined) throw error;
    return client.fetch(path, operation);
  }
  throw new Failure(
    'bmc.account-fixed',
    `The BMC at ${client.origin} lets "${access.username}" log in and does not list that account; it is kept elsewhere`,
  );
};

/** Where an account was when it was looked at last; undefined when there is nothing now. */
export const fetchKnown = async (
  { client, operation }: Bmc,
  id: string | null,
): Promise<Resource | undefined> =>
  id === null ? undefined : unlessGone(client.fetch(id, operation));

const demandedAccount = (origin: string, error: unknown): string | undefined => {
  if (!(error instanceof Failure) || !isChangeDemanded(error)) return undefined;
  const { account } = error.details;
  return typeof account === 'string' && account.startsWith('/')
    ? pathAt(origin, account)
    : undefined;
};
