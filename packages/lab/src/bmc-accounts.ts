// The accounts of a machine's BMC: made once with a random password, kept over restarts as a BMC keeps them.

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { FIRST_SHARED_ID } from '#bmc/both-lab-bmc';
import { factsOf, type Account } from '#bmc/manager-account';
import type { BmcAccount } from '#bmc/redfish-server';
import type { BmcKind } from './lab-spec.ts';

const USER_NAME = 'admin';
/** As base64url text 24 characters: within what every BMC accepts. */
const PASSWORD_BYTES = 18;
/** And 16: more is not for every BMC that speaks IPMI. */
const IPMI_PASSWORD_BYTES = 12;

export const readBmcAccounts = (path: string): readonly BmcAccount[] | undefined => {
  try {
    // Only writeBmcAccounts writes this file.
    return JSON.parse(readFileSync(path, 'utf8')) as readonly BmcAccount[];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

export const saveBmcAccounts = (path: string, accounts: readonly Account[]): void =>
  writeBmcAccounts(path, accounts.map(factsOf));

const writeBmcAccounts = (path: string, accounts: readonly BmcAccount[]): void => {
  writeFileSync(path, `${JSON.stringify(accounts)}\n`, { mode: 0o600 });
};

export const ensureBmcAccounts = (
  path: string,
  kind: BmcKind = 'redfish',
): readonly BmcAccount[] => {
  const existing = readBmcAccounts(path);
  if (existing !== undefined) return existing;
  const passwordBytes = kind === 'redfish' ? PASSWORD_BYTES : IPMI_PASSWORD_BYTES;
  const accounts = [
    {
      ...(kind === 'both' ? { id: FIRST_SHARED_ID } : {}),
      userName: USER_NAME,
      password: randomBytes(passwordBytes).toString('base64url'),
    },
  ];
  writeBmcAccounts(path, accounts);
  return accounts;
};
