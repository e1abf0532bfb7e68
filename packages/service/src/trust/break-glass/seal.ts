// Seals one login at one BMC so that only the operators whose keys it is sealed to can read it, with `age` and nothing
// of ours.

import { armor, Encrypter } from 'age-encryption';

import {
  BREAK_GLASS_FORMAT,
  type BreakGlassContent,
  type BreakGlassFacts,
} from '@bessemer/protocol/bmc/break-glass-content';

import type { Secret } from '../secret.ts';
import { type Recipient, RecipientInvalid } from './recipient.ts';

export type BreakGlassLogin = BreakGlassFacts & { readonly password: Secret<string> };

/** Text, that survives mail and paper, or the bytes themselves. `age -d` takes both. */
export type SealedForm = 'armored' | 'binary';

const contentOf = ({ password, ...facts }: BreakGlassLogin): BreakGlassContent => ({
  format: BREAK_GLASS_FORMAT,
  ...facts,
  password: password.reveal(),
});

/** Throws RecipientInvalid for a key that is written right and is none: nothing can be sealed to it. */
export const sealLogin = async (
  login: BreakGlassLogin,
  recipients: readonly Recipient[],
  form: SealedForm = 'armored',
): Promise<Buffer> => {
  // age would make a file that nobody can open.
  if (recipients.length === 0) throw new RecipientInvalid('there is nobody to seal it to');
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const sealed = await encrypted(encrypter, `${JSON.stringify(contentOf(login), null, 2)}\n`);
  return form === 'binary' ? Buffer.from(sealed) : Buffer.from(armor.encode(sealed));
};

const encrypted = async (encrypter: Encrypter, text: string): Promise<Uint8Array> => {
  try {
    return await encrypter.encrypt(text);
  } catch (error) {
    // Points of small order, which whoever wrote them could have chosen so that everybody can open the file.
    throw new RecipientInvalid('one of the public keys of age is none that can be sealed to', {
      cause: error,
    });
  }
};
