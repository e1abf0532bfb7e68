// From the keys about passwords of BMCs to their options.

import { type BmcCredentialOptions } from '#conductor/bmc-credential/options';
import { USER_NAME_BYTES_MAX } from '#trust/bmc-credential/password-profiles';

import { passwordPatterns } from './password-patterns.ts';
import type { Settings } from './schema.ts';
import { ConfigInvalid } from './setting.ts';

const SECOND_MS = 1_000;
/** Of IPMI, and nothing that a command line or an URL takes for something else. */
const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]*$/;

const usernamesOf = (names: readonly string[]): BmcCredentialOptions['usernames'] => {
  const [a, b, ...more] = names;
  const isRight = (name: string | undefined): name is string =>
    name !== undefined && name.length <= USER_NAME_BYTES_MAX && NAME_PATTERN.test(name);
  if (isRight(a) && isRight(b) && a !== b && more.length === 0) return { a, b };
  throw new ConfigInvalid(
    `bmc_credentials.usernames must be two different names of at most ${USER_NAME_BYTES_MAX} letters, digits, - and _`,
  );
};

/** Throws ConfigInvalid. */
export const bmcCredentialOptions = ({
  bmc_credentials: settings,
}: Pick<Settings, 'bmc_credentials'>): BmcCredentialOptions => ({
  isEnabled: settings.enabled,
  strategy: settings.strategy as BmcCredentialOptions['strategy'],
  usernames: usernamesOf(settings.usernames),
  path: settings.path as BmcCredentialOptions['path'],
  rotateEveryMs: settings.rotate_every * SECOND_MS,
  isRotatedOnClean: settings.rotate_on_clean,
  isRotatedOnDiscovery: settings.rotate_on_discovery,
  isRotatedOnManage: settings.rotate_on_manage,
  retainOldMs: settings.retain_old * SECOND_MS,
  orphanGraceMs: settings.orphan_grace * SECOND_MS,
  standbyPolicy: settings.standby_policy as BmcCredentialOptions['standbyPolicy'],
  parallelMax: settings.max_parallel,
  loginTriesMax: settings.lockout_budget ?? undefined,
  isGivenDisabled: settings.disable_factory_accounts,
  isUnexpectedDisabled: settings.disable_unexpected_accounts,
  foreignAccounts: settings.foreign_accounts,
  isSuppliedAllowed: settings.allow_supplied,
  isWeakAllowed: settings.allow_weak_passwords,
  passwordPatterns: passwordPatterns(settings.password_patterns, settings.allow_weak_passwords),
  agentTrustMin: settings.require_agent_trust,
});
