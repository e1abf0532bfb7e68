// Bringing an account to what it is to be. Three cases:
//
//   own      the account that asks: only its password. Nothing is looked at after it, because the session, which was
//            opened with the old one, may be over.
//   present  another one, by its id or its name: what differs is changed with the password, in one request, and
//            read back.
//   absent   an empty place is filled, on BMCs that have places; on others an account is made.
//
// A request that carries a password is sent once: after a lost answer a repeat could be refused for being the same
// as before, which reads as if nothing had changed. Only a BMC that said it was busy, or that it wants another ETag,
// is asked again.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { JsonObject } from '@bessemer/protocol/json';

import { afterPassword } from '../../after-password.ts';
import type { BmcAccountWish } from '../../bmc-accounts.ts';
import type { Bmc } from '../bmc-pool.ts';
import type { Resource } from '../client.ts';
import { memberAt } from '../json-guard.ts';
import { readBack } from '../read-back.ts';
import { BmcRefused } from '../refused.ts';
import { isChangeDemanded, isEnabled, isLocked, roleOf, userNameOf } from './account-record.ts';
import { fetchAccounts, fetchKnown, fetchOwnAccount } from './account-service.ts';
import { endSessionsOf } from './end-sessions.ts';
import { accountFailure, unknownProperty } from './password-refusal.ts';

const ADMINISTRATOR = 'Administrator';
const BUSY: readonly number[] = [429, 503];

/** Answers with the account's path, and whether the BMC wants its password changed by itself once more. */
export const setAccount = async (
  bmc: Bmc,
  wish: BmcAccountWish,
): Promise<{ readonly path: string; readonly isChangeDemanded: boolean }> => {
  const { username } = wish.credential;
  if (username === bmc.access.username) {
    const isThere = wish.credential.password.reveal() === bmc.access.password.reveal();
    const path = isThere
      ? (await fetchOwnAccount(bmc, wish.id)).path
      : await setOwnPassword(bmc, wish);
    return { path, isChangeDemanded: false };
  }
  const path = await setOther(bmc, wish);
  return afterPassword(async () => {
    const account = await readWished(bmc, path, username);
    await endSessionsOf(bmc, username);
    const isDemanded = isChangeDemanded(account) && !(await waiveDemand(bmc, account));
    return { path, isChangeDemanded: isDemanded };
  });
};

export const setOwnPassword = async (bmc: Bmc, wish: BmcAccountWish): Promise<string> => {
  const account = await fetchOwnAccount(bmc, wish.id);
  // Before: the session of this call may not outlive the change.
  await endSessionsOf(bmc, bmc.access.username);
  await sendPassword(bmc, account, wish, {});
  return account.path;
};

const setOther = async (bmc: Bmc, wish: BmcAccountWish): Promise<string> => {
  const { username } = wish.credential;
  const known = await fetchKnown(bmc, wish.id);
  if (known !== undefined && userNameOf(known) === username) {
    await sendPassword(bmc, known, wish, differences(known, username));
    return known.path;
  }
  const { path, accounts } = await fetchAccounts(bmc);
  const present = accounts.find((each) => userNameOf(each) === username);
  const place = present ?? accounts.find(isFreePlace);
  if (place !== undefined) {
    await sendPassword(bmc, place, wish, differences(place, username));
    return place.path;
  }
  await makeAccount(bmc, path, wish);
  return afterPassword(async () => {
    const made = (await fetchAccounts(bmc)).accounts.find((each) => userNameOf(each) === username);
    if (made !== undefined) return made.path;
    throw new Failure(
      'bmc.refused',
      `The BMC at ${bmc.client.origin} accepted the account "${username}" and does not have it`,
    );
  });
};

/** The first place of such BMCs is the anonymous user of IPMI. */
const isFreePlace = (account: Resource): boolean =>
  userNameOf(account) === '' && !/\/[01]$/.test(account.path);

const differences = (account: Resource, username: string): JsonObject => {
  const role = roleOf(account);
  return {
    ...(userNameOf(account) === username ? {} : { UserName: username }),
    ...(role === undefined || role === ADMINISTRATOR ? {} : { RoleId: ADMINISTRATOR }),
    ...(isEnabled(account) === false ? { Enabled: true } : {}),
    ...(isLocked(account) === true ? { Locked: false } : {}),
  };
};

const sendPassword = async (
  bmc: Bmc,
  account: Resource,
  wish: BmcAccountWish,
  others: JsonObject,
): Promise<void> => {
  const { client, operation } = bmc;
  const password = wish.credential.password.reveal();
  const isOwn = wish.credential.username === bmc.access.username;
  // A task of one's own change would be asked for with a login that is no more.
  const options = { isRepeatable: false, isTaskAwaited: !isOwn, secrets: [password] };
  try {
    await withoutUnknown({ ...others, Password: password }, (change) =>
      unlessBusy(bmc, () => client.patch(account, change, operation, options)),
    );
  } catch (error) {
    const isPatchUnknown = error instanceof BmcRefused && [405, 501].includes(error.status);
    if (!isPatchUnknown || Object.keys(others).length > 0) {
      throw accountFailure(error, wish.credential.username);
    }
    await changeByAction(bmc, account, wish);
  }
};

const changeByAction = async (
  bmc: Bmc,
  account: Resource,
  { credential }: BmcAccountWish,
): Promise<void> => {
  const { access, client, operation } = bmc;
  const named = memberAt(account.body, 'Actions', '#ManagerAccount.ChangePassword', 'target');
  const path =
    typeof named === 'string' ? named : `${account.path}/Actions/ManagerAccount.ChangePassword`;
  const parameters = {
    NewPassword: credential.password.reveal(),
    SessionAccountPassword: access.password.reveal(),
  };
  const secrets = Object.values(parameters);
  try {
    await unlessBusy(bmc, () => client.act(path, parameters, operation, { secrets }));
  } catch (error) {
    throw accountFailure(error, credential.username);
  }
};

const makeAccount = async (
  bmc: Bmc,
  path: string,
  { credential }: BmcAccountWish,
): Promise<void> => {
  const { client, operation } = bmc;
  const password = credential.password.reveal();
  const body = {
    UserName: credential.username,
    Password: password,
    RoleId: ADMINISTRATOR,
    Enabled: true,
  };
  try {
    await withoutUnknown(body, (known) =>
      unlessBusy(bmc, () => client.act(path, known, operation, { secrets: [password] })),
    );
  } catch (error) {
    // No place is free, and none can be made.
    const isFixed = error instanceof BmcRefused && [404, 405, 501].includes(error.status);
    if (!isFixed) throw accountFailure(error, credential.username);
    throw new Failure(
      'bmc.accounts-full',
      `The BMC at ${client.origin} has no free place for the account "${credential.username}"`,
      { cause: error },
    );
  }
};

/** Accounts of some BMCs cannot be disabled, or have no roles; what is refused for that had no effect. */
const DISPENSABLE: readonly string[] = ['Enabled', 'Locked', 'RoleId'];

const withoutUnknown = async (
  body: JsonObject,
  send: (body: JsonObject) => Promise<void>,
): Promise<void> => {
  let left = body;
  for (;;) {
    try {
      return await send(left);
    } catch (error) {
      const name = unknownProperty(error);
      if (name === undefined || !DISPENSABLE.includes(name) || left[name] === undefined)
        throw error;
      left = Object.fromEntries(Object.entries(left).filter(([key]) => key !== name));
    }
  }
};

/** What a BMC was too busy for had no effect. */
const unlessBusy = async (bmc: Bmc, send: () => Promise<void>): Promise<void> => {
  const { retryCountMax, retryDelayMs } = bmc.options;
  for (let tries = 0; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      const status = error instanceof Failure ? error.details['status'] : undefined;
      const isBusy = typeof status === 'number' && BUSY.includes(status);
      if (!isBusy || tries >= retryCountMax) throw error;
      if (!(await bmc.operation.pause(retryDelayMs * 2 ** tries))) throw error;
    }
  }
};

const readWished = async (bmc: Bmc, path: string, username: string): Promise<Resource> => {
  const { resource, isDone } = await readBack(
    bmc,
    path,
    bmc.options.settingTimeoutMs,
    (account) => userNameOf(account) === username && isEnabled(account) !== false,
  );
  if (isDone) return resource;
  throw new Failure(
    'bmc.refused',
    `The BMC at ${bmc.client.origin} accepted the account "${username}" and did not enable it`,
    { details: { username } },
  );
};

/** False: only the account itself can meet the demand. */
const waiveDemand = async (bmc: Bmc, account: Resource): Promise<boolean> => {
  try {
    await bmc.client.patch(account, { PasswordChangeRequired: false }, bmc.operation);
  } catch (error) {
    if (error instanceof BmcRefused) return false;
    throw error;
  }
  return !isChangeDemanded(await bmc.client.fetch(account.path, bmc.operation));
};
