// Parameters of the commands about the BMC, checked before anything is done. No text of a refusal repeats what was sent.

import {
  BMC_ANONYMOUS_USER_ID,
  BMC_NAME_BYTES_MAX,
  BMC_PASSWORD_BYTES_MAX,
  BMC_PRIVILEGES,
  type BmcPrivilege,
  type BmcUserWish,
} from '@bessemer/protocol/agent/bmc-commands';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { CommandFailure } from '../../command-failure.ts';

const USER_ID_MAX = 63;
const CHANNEL_MAX = 11;
/** What every BMC takes in a name; the same that the service uses. */
const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const PASSWORD_PATTERN = /^[\x21-\x7e]+$/;

export const checkUserWish = (params: JsonObject): BmcUserWish => {
  const { username, password, privilege } = params;
  const slot = optionalNumber(params, 'slot_user_id', BMC_ANONYMOUS_USER_ID + 1, USER_ID_MAX);
  const channel = optionalNumber(params, 'channel', 1, CHANNEL_MAX);
  if (!isText(username, BMC_NAME_BYTES_MAX, NAME_PATTERN)) {
    throw refused(`'username' must be 1 to ${BMC_NAME_BYTES_MAX} letters, digits, '.', '_', '-'`);
  }
  if (!isText(password, BMC_PASSWORD_BYTES_MAX, PASSWORD_PATTERN)) {
    throw refused(`'password' must be 1 to ${BMC_PASSWORD_BYTES_MAX} bytes of ASCII, no blanks`);
  }
  if (typeof privilege !== 'string' || !Object.hasOwn(BMC_PRIVILEGES, privilege)) {
    throw refused(`'privilege' must be one of ${Object.keys(BMC_PRIVILEGES).join(', ')}`);
  }
  return {
    username,
    password,
    privilege: privilege as BmcPrivilege,
    ...(slot === undefined ? {} : { slot_user_id: slot }),
    ...(channel === undefined ? {} : { channel }),
  };
};

export const checkDisable = (
  params: JsonObject,
): { readonly userId: number; readonly channel: number | undefined } => {
  const userId = optionalNumber(params, 'user_id', BMC_ANONYMOUS_USER_ID, USER_ID_MAX);
  if (userId === undefined) throw refused("'user_id' must be given");
  return { userId, channel: checkChannel(params) };
};

export const checkChannel = (params: JsonObject): number | undefined =>
  optionalNumber(params, 'channel', 1, CHANNEL_MAX);

const optionalNumber = (
  params: JsonObject,
  key: string,
  min: number,
  max: number,
): number | undefined => {
  const value = params[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  throw refused(`'${key}' must be a whole number from ${min} to ${max}`);
};

const isText = (value: JsonValue | undefined, bytesMax: number, pattern: RegExp): value is string =>
  typeof value === 'string' && value.length <= bytesMax && pattern.test(value);

const refused = (text: string): CommandFailure =>
  new CommandFailure('InvalidCommandParamsError', text);
