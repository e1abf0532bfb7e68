// Whom break-glass files are sealed to: X25519 public keys of operators in age's notation. Hardware and post-quantum
// recipients of age are refused: not every `age` that an operator has in an emergency opens those.

import { Encrypter } from 'age-encryption';

export type Recipient = string & { readonly __brand: 'Recipient' };

/** Bech32 of 32 bytes and a checksum after `age1`; age takes it in lower case only. */
const RECIPIENT_PATTERN = /^age1[02-9ac-hj-np-z]{58}$/;
const IDENTITY_PREFIX = 'AGE-SECRET-KEY-';

/** The text of `RecipientInvalid` says what is wrong, and repeats nothing that may be a private key. */
export class RecipientInvalid extends Error {}

/** Throws RecipientInvalid. */
export const parseRecipient = (text: string): Recipient => {
  if (text.toUpperCase().startsWith(IDENTITY_PREFIX)) {
    throw new RecipientInvalid(
      'this is a private key of age, which nobody but its owner may have; expected the public one, which begins with age1',
    );
  }
  if (!RECIPIENT_PATTERN.test(text)) {
    throw new RecipientInvalid(
      'this is no X25519 public key of age: expected age1 and 58 more characters, as age-keygen prints it',
    );
  }
  try {
    new Encrypter().addRecipient(text);
  } catch (error) {
    throw new RecipientInvalid(
      `${text} is mistyped: its last characters do not go with the others`,
      { cause: error },
    );
  }
  return text as Recipient;
};

/** Each once, in a fixed order: the same people are the same list. Throws RecipientInvalid. */
export const parseRecipients = (texts: readonly string[]): readonly Recipient[] =>
  [...new Set(texts.map(parseRecipient))].sort();
