// Taking the use of an account away: disabled where that is possible, otherwise removed.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Bmc } from '../bmc-pool.ts';
import { pathAt } from '../links.ts';
import { readBack } from '../read-back.ts';
import { BmcRefused } from '../refused.ts';
import { isEnabled, userNameOf } from './account-record.ts';
import { fetchAccounts, unlessGone } from './account-service.ts';
import { endSessionsOf } from './end-sessions.ts';
import { accountFailure, unknownProperty } from './password-refusal.ts';

const NO_PATCH: readonly number[] = [405, 501];

export const disableAccount = async (bmc: Bmc, id: string): Promise<void> => {
  const { access, client, operation, options } = bmc;
  const path = pathAt(client.origin, id);
  const account = await unlessGone(client.fetch(path, operation));
  if (account === undefined || isEnabled(account) === false) return;
  const username = userNameOf(account);
  if (username === access.username && (await isFirstOfName(bmc, path, username))) {
    throw new Failure(
      'bmc.account-fixed',
      `"${username}" would lock itself out of the BMC at ${client.origin}`,
    );
  }
  try {
    await client.patch(account, { Enabled: false }, operation);
  } catch (error) {
    const isUnknown = error instanceof BmcRefused && NO_PATCH.includes(error.status);
    if (!isUnknown && unknownProperty(error) !== 'Enabled') throw accountFailure(error, username);
    return remove(bmc, path, username);
  }
  const { isDone } = await readBack(
    bmc,
    path,
    options.settingTimeoutMs,
    (read) => isEnabled(read) === false,
  );
  if (!isDone) {
    throw new Failure(
      'bmc.account-fixed',
      `The BMC at ${client.origin} accepted that "${username}" is disabled and did not disable it`,
      { details: { username } },
    );
  }
  await endSessionsOf(bmc, username);
};

/** Of several of that name a BMC lets in the first. */
const isFirstOfName = async (bmc: Bmc, path: string, username: string): Promise<boolean> => {
  const { accounts } = await fetchAccounts(bmc);
  const first = accounts.find((each) => userNameOf(each) === username);
  return first === undefined || first.path === path;
};

const remove = async (bmc: Bmc, path: string, username: string): Promise<void> => {
  try {
    await bmc.client.remove(path, bmc.operation);
  } catch (error) {
    throw accountFailure(error, username);
  }
};
