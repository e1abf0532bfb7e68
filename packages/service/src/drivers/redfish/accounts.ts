// The door to the accounts of a BMC over Redfish. Every call logs in anew with the credential that it was given, and
// the session is ended before it returns.

import type { NodeRecord } from '@bessemer/protocol/node/record';
import { Failure } from '@bessemer/protocol/errors/failure';

import type { Credential } from '#trust/secret-store/secret-store';

import { afterPassword } from '../after-password.ts';
import type { BmcAccountDoor, BmcAccountWish } from '../bmc-accounts.ts';
import type { LoginBudget } from '../login-budget.ts';
import type { BmcAccess } from './access.ts';
import { accountOf, isEnabled, limitsOf, roleOf, userNameOf } from './accounts/account-record.ts';
import {
  fetchAccounts,
  fetchAccountService,
  findAccountService,
} from './accounts/account-service.ts';
import { disableAccount } from './accounts/disable-account.ts';
import { fetchIsIpmiOn, switchIpmiOff } from './accounts/ipmi-switch.ts';
import { setAccount, setOwnPassword } from './accounts/set-account.ts';
import type { Bmc, BmcPool } from './bmc-pool.ts';
import type { Resource } from './client.ts';
import { textsAt } from './json-guard.ts';
import { linkAt } from './links.ts';
import { BmcRefused } from './refused.ts';
import { fetchSystem } from './system.ts';

export type AccountDoorParts = {
  readonly pool: Pick<BmcPool, 'runAlone'>;
  /** The node's BMC, logged in to as somebody else than driver_info says. */
  readonly accessOf: (node: NodeRecord, as: Credential) => BmcAccess;
  readonly budget: LoginBudget;
  readonly timeoutMs: number;
};

export const makeRedfishAccountDoor = (parts: AccountDoorParts): BmcAccountDoor => {
  const within = async <T>(
    node: NodeRecord,
    as: Credential,
    work: (bmc: Bmc) => Promise<T>,
  ): Promise<T> => {
    const access = parts.accessOf(node, as);
    requireVerifiable(access);
    return parts.pool.runAlone(access, parts.timeoutMs, work);
  };
  const noteSet = ({ access }: Bmc, { username, password }: Credential): void =>
    parts.budget.notePasswordSet({
      origin: access.origin,
      username,
      password: password.reveal(),
    });

  return {
    protocol: 'redfish',
    proveLogin: (node, as) => within(node, as, proveAdministrator),
    fetchLimits: (node, as) =>
      within(node, as, async (bmc) => {
        const limits = limitsOf(await fetchAccountService(bmc));
        const { lockoutThreshold: threshold, lockoutMs = 0, lockoutResetMs = 0 } = limits;
        if (threshold !== undefined) {
          const windowMs = Math.max(lockoutMs, lockoutResetMs);
          const budget = { threshold: threshold === 0 ? Infinity : threshold, windowMs };
          parts.budget.noteLimits(bmc.access.origin, budget);
        }
        return limits;
      }),
    list: (node, as) =>
      within(node, as, async (bmc) => (await fetchAccounts(bmc)).accounts.map(accountOf)),
    set: async (node, as, wish) => {
      const { path, isChangeDemanded } = await within(node, as, async (bmc) => {
        const done = await setAccount(bmc, wish);
        noteSet(bmc, wish.credential);
        return done;
      });
      const own = { ...wish, id: path };
      if (isChangeDemanded) await afterPassword(() => meetDemand(node, own, within));
      return path;
    },
    disable: (node, as, id) => within(node, as, (bmc) => disableAccount(bmc, id)),
    fetchExposure: (node, as) =>
      within(node, as, async (bmc) => {
        const { origin, trust } = bmc.access;
        const isIpmiOn = await fetchIsIpmiOn(bmc);
        return {
          isPeerVerified: origin.startsWith('https:') && (trust.isCaChecked || trust.pin !== null),
          ...(isIpmiOn === undefined ? {} : { isIpmiOn }),
        };
      }),
    switchIpmiOff: (node, as) => within(node, as, switchIpmiOff),
  };
};

/** The account changes its password to the one it has: any other would be known to nobody but this process. */
const meetDemand = async (
  node: NodeRecord,
  wish: BmcAccountWish,
  within: <T>(node: NodeRecord, as: Credential, work: (bmc: Bmc) => Promise<T>) => Promise<T>,
): Promise<void> => {
  try {
    await within(node, wish.credential, (bmc) => setOwnPassword(bmc, wish));
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'bmc.password-policy') throw error;
    throw new Failure(
      'bmc.account-fixed',
      'The BMC demands that every account chooses its own password before it is used, and takes none that it was ' +
        'given; switch that off at the BMC',
      { cause: error, details: { username: wish.credential.username } },
    );
  }
};

/** Clear text is no verified BMC either, whatever the configuration allows for power and boot. */
const requireVerifiable = ({ origin, trust }: BmcAccess): void => {
  if (origin.startsWith('https:') || !trust.isCaChecked) return;
  throw new Failure(
    'bmc.certificate',
    `Passwords are not set at ${origin}: it proves nothing about itself. Use https, or set redfish_verify_ca to False.`,
  );
};

const proveAdministrator = async (bmc: Bmc): Promise<void> => {
  // Simulators have no accounts; there the machine is what only who is let in may see.
  if ((await findAccountService(bmc)) === undefined) {
    await fetchSystem(bmc);
    return;
  }
  const { access } = bmc;
  const { accounts } = await fetchAccounts(bmc);
  const own = accounts.find((each) => userNameOf(each) === access.username);
  if (own === undefined || (isEnabled(own) !== false && (await isAdministrator(bmc, own)))) return;
  throw new Failure(
    'bmc.refused',
    `"${access.username}" can log in to the BMC at ${access.origin} and is not an administrator`,
    { details: { username: access.username } },
  );
};

const isAdministrator = async (bmc: Bmc, own: Resource): Promise<boolean> => {
  const role = roleOf(own);
  if (role === undefined || role === 'Administrator') return true;
  const path = linkAt(bmc.client.origin, own.body, 'Links', 'Role');
  if (path === undefined) return false;
  try {
    const { body } = await bmc.client.fetch(path, bmc.operation);
    return textsAt(body, 'AssignedPrivileges').includes('ConfigureUsers');
  } catch (error) {
    if (error instanceof BmcRefused) return false;
    throw error;
  }
};
