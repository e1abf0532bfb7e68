// How many bytes of a password a BMC is to keep. It remembers that, and a password that was set as 20 bytes is of no
// use but for RMCP+; so it is 16 wherever that is enough.

import type { Secret } from '#trust/secret';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { PasswordSize } from '../commands/user-password.ts';

const SHORT_BYTES = 16;
const LONG_BYTES = 20;

/** Failure 'bmc.password-policy' for what no BMC takes. */
export const passwordSize = (password: Secret<string>): PasswordSize => {
  const bytes = Buffer.byteLength(password.reveal());
  if (bytes <= SHORT_BYTES) return SHORT_BYTES;
  if (bytes <= LONG_BYTES) return LONG_BYTES;
  throw new Failure(
    'bmc.password-policy',
    `No BMC takes a password of more than ${LONG_BYTES} bytes over IPMI`,
    { details: { reason: 'length', lengthMaxBytes: LONG_BYTES } },
  );
};
