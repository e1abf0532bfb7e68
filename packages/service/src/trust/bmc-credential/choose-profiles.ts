// Which passwords are tried at one BMC, in which order.

import { bitsOf } from './password-bits.ts';
import type { PasswordPattern } from './password-pattern.ts';
import {
  BITS_MIN,
  narrowProfile,
  PASSWORD_PROFILES,
  type PasswordLimits,
  type PasswordProfile,
  WEAK_BITS_MIN,
} from './password-profiles.ts';

/** At most so many are tried in one run: each is a try at a policy that may lock the account. */
export const PROFILES_PER_RUN_MAX = 4;

/** The profiles to try, the one that worked before first; or what the operator wants, and nothing beside it. */
export const profilesFor = (
  limits: PasswordLimits,
  given: {
    readonly session: 'ipmi-1.5' | 'rmcp+' | 'redfish';
    readonly isWeakAllowed: boolean;
    readonly remembered?: string;
    readonly pattern?: PasswordPattern | undefined;
  },
): readonly PasswordProfile[] => {
  const isPossible = ({ needs }: PasswordProfile): boolean => {
    if (needs === 'consent') return given.isWeakAllowed;
    if (needs === 'redfish') return given.session === 'redfish';
    return needs === 'any' || given.session !== 'ipmi-1.5';
  };
  // Limits that were learned leave fewer passwords than were counted before.
  const isStrong = (profile: PasswordProfile): boolean =>
    bitsOf(profile) >= (given.isWeakAllowed ? BITS_MIN : WEAK_BITS_MIN);
  const all = given.pattern === undefined ? PASSWORD_PROFILES : [given.pattern.profile];
  const possible = all
    .filter(isPossible)
    .flatMap((profile) => narrowProfile(profile, limits) ?? [])
    .filter(isStrong);
  const isRemembered = ({ name }: PasswordProfile): boolean => name === given.remembered;
  const rest = possible.filter((profile) => !isRemembered(profile));
  return [...possible.filter(isRemembered), ...rest].slice(0, PROFILES_PER_RUN_MAX);
};
