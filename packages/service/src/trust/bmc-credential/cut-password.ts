// What a BMC holds that stores the first bytes of a password only.

import type { Credential } from '../secret-store/secret-store.ts';
import { Secret } from '../secret.ts';
import { IPMI_1_5_BYTES_MAX, IPMI_2_0_BYTES_MAX } from './password-profiles.ts';

/** In the order in which they are seen most often. */
export const CUTS_BYTES = [IPMI_1_5_BYTES_MAX, IPMI_2_0_BYTES_MAX] as const;

/** Undefined when there is nothing to cut. */
export const cutPassword = (credential: Credential, bytes: number): Credential | undefined => {
  const whole = Buffer.from(credential.password.reveal());
  if (whole.length <= bytes) return undefined;
  return {
    username: credential.username,
    password: new Secret(whole.subarray(0, bytes).toString()),
  };
};
