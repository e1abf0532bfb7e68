// What a refusal to change an account means. BMCs have few words for it, and vendors their own, so the text counts
// where the key says nothing.

import { Failure } from '@bessemer/protocol/errors/failure';

import { BmcRefused } from '../refused.ts';
import type { BmcMessage } from '../messages.ts';

const TOO_SOON =
  /too soon|minimum (password )?age|min(imum)?age|(password )?change interval|not old enough|changed too (often|recently)/i;
const HISTORY = /histor|re-?use|previous(ly)? (used )?password|used (before|recently)/i;
const FULL =
  /CreateLimitReached|limit reached|maximum number of (accounts|users)|no (free|empty) (account|user)? ?slot/i;
const READ_ONLY = /PropertyNotWritable|PropertyReadOnly|PropertyNotUpdated/i;
const ABOUT_VALUE =
  /^(PropertyValue(FormatError|Error|Incorrect|OutOfRange|ExternalConflict|NotInList)|ActionParameterValue(FormatError|Error|Incorrect|OutOfRange)|StringValueTooShort|StringValueTooLong|.*Password.*)$/i;
const SECONDS = /(\d{1,7})\s*s(ec|econds?)?\b/i;

/** The failure that a refused change of an account stands for; the refusal itself where it is none of these. */
export const accountFailure = (error: unknown, username: string): unknown => {
  if (!(error instanceof BmcRefused)) return error;
  const said = error.messages.map((each) => `${each.key} ${each.text}`).join(' ');
  const wrap = (code: ConstructorParameters<typeof Failure>[0], details: object = {}): Failure =>
    new Failure(code, error.message, {
      cause: error,
      details: { ...error.details, username, ...details },
    });
  if (FULL.test(said)) return wrap('bmc.accounts-full');
  if (error.status === 405 || error.status === 501) return wrap('bmc.account-fixed');
  // Whether it had done it before it failed is not known.
  if (error.status >= 500) return wrap('bmc.protocol');
  if (error.messages.some((each) => READ_ONLY.test(each.key))) return wrap('bmc.account-fixed');
  if (![400, 403, 409, 422].includes(error.status)) return error;
  if (TOO_SOON.test(said)) {
    const seconds = Number(SECONDS.exec(said)?.[1]);
    return wrap('bmc.too-soon', Number.isFinite(seconds) ? { seconds } : {});
  }
  if (HISTORY.test(said)) return wrap('bmc.password-policy', { reason: 'history' });
  return error.messages.some(isAboutPassword) ? wrap('bmc.password-policy') : error;
};

/** The name of a property that the BMC does not have, where that is why it refused. */
export const unknownProperty = (error: unknown): string | undefined =>
  error instanceof BmcRefused && error.status === 400
    ? error.messages.find(({ key }) => key === 'PropertyUnknown')?.arguments[0]
    : undefined;

const isAboutPassword = ({ key, text, arguments: names }: BmcMessage): boolean =>
  key !== 'InsufficientPrivilege' &&
  ABOUT_VALUE.test(key) &&
  /password/i.test(`${key} ${text} ${names.join(' ')}`);
