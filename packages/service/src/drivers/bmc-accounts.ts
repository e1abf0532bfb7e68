// Accounts of a BMC, as the keeping of its credentials needs them. A driver has a door per protocol that the node
// uses; each call is one fresh session, ended before it returns, and counts against the budget of logins.
//
// What a BMC answers to a change is no proof of it: only `proveLogin` is.
//
// Failures: 'bmc.credentials' the login was refused, 'bmc.locked' the account is locked out, 'bmc.login-budget' not tried,
// 'bmc.unreachable' and 'bmc.protocol' a change may have been made or not, 'bmc.password-policy' the password was
// refused and the old one is as it was, 'bmc.too-soon' the same until some time has passed, 'bmc.accounts-full' there
// is no place for another account, 'bmc.account-fixed' this one cannot be changed so, 'bmc.unsupported' no accounts.

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { PasswordLimits } from '#trust/bmc-credential/password-profiles';
import type { Credential } from '#trust/secret-store/secret-store';

export type BmcProtocol = 'redfish' | 'ipmi';

export type BmcAccountPrivilege = 'administrator' | 'operator' | 'user' | 'none' | 'other';

export type BmcAccount = {
  /** Redfish: path of the account. IPMI: number of the user, the same on all channels. */
  readonly id: string;
  /** Empty: a place that nobody has. */
  readonly username: string;
  /** Null where the BMC does not tell. */
  readonly isEnabled: boolean | null;
  readonly isLocked: boolean | null;
  /** The highest on any channel. */
  readonly privilege: BmcAccountPrivilege;
  /** Its name cannot be changed. */
  readonly isNameFixed: boolean;
};

/** Undefined where the BMC does not tell. */
export type BmcAccountLimits = PasswordLimits & {
  /** 0: nothing is ever locked. */
  readonly lockoutThreshold?: number;
  readonly lockoutMs?: number;
  readonly lockoutResetMs?: number;
  readonly accountsMax?: number;
};

/** An enabled administrator of that name, who may log in over the network. */
export type BmcAccountWish = {
  /**
   * Where it was when it was set last. Null, or a place that is gone or has another name now: the account of that name,
   * else an empty place, else a new account. Nobody else's account is ever renamed.
   */
  readonly id: string | null;
  readonly credential: Credential;
};

/** What lets somebody in beside accounts. Undefined where the BMC does not tell, or the protocol has no such thing. */
export type BmcExposure = {
  /** Redfish. False: the node says that the certificate is not checked. */
  readonly isPeerVerified?: boolean;
  /** Redfish: whether the BMC speaks IPMI over the network, too. */
  readonly isIpmiOn?: boolean;
  /** IPMI: whether a session without any authentication is accepted. */
  readonly hasSuiteZero?: boolean;
};

export type BmcAccountDoor = {
  readonly protocol: BmcProtocol;
  /** Logs in and reads something that an administrator only may read. */
  readonly proveLogin: (node: NodeRecord, as: Credential) => Promise<void>;
  readonly fetchLimits: (node: NodeRecord, as: Credential) => Promise<BmcAccountLimits>;
  readonly list: (node: NodeRecord, as: Credential) => Promise<readonly BmcAccount[]>;
  /**
   * Idempotent: the same again is harmless. With `as` of the same name it is the change of one's own password, and
   * sessions that were opened with the old one are ended. Answers with the id of the account.
   */
  readonly set: (node: NodeRecord, as: Credential, wish: BmcAccountWish) => Promise<string>;
  /** Idempotent. Never that of `as`. */
  readonly disable: (node: NodeRecord, as: Credential, id: string) => Promise<void>;
  readonly fetchExposure?: (node: NodeRecord, as: Credential) => Promise<BmcExposure>;
  /** Redfish. Idempotent. 'bmc.unsupported' where the BMC has no such switch. */
  readonly switchIpmiOff?: (node: NodeRecord, as: Credential) => Promise<void>;
};
