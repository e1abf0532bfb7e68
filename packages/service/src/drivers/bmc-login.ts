// What a BMC is logged in with. driver_info holds a user name and either the password, or a reference into the secret
// store where the service keeps the password by itself; only whoever knows the store can tell what the reference
// stands for. A driver hands in what driver_info says and works with what it gets.

import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { Credential } from '#trust/secret-store/secret-store';

/**
 * Runs `work` with the login that `given` stands for. Throws what `work` throws; Failure 'bmc.login-budget' while the
 * logins of the node are held back, and 'secret-store.*' when the password cannot be had: `work` is not run then.
 */
export type UseBmcLogin = <T>(
  node: NodeRecord,
  given: Credential,
  work: (login: Credential) => Promise<T>,
) => Promise<T>;

/** Where no password is kept elsewhere. */
export const useGivenLogin: UseBmcLogin = (_node, given, work) => work(given);
