// `configdrive` of a provision request: a text (URL, or base64 of gzip) or an object of its parts. Shape only.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';

import { notAcceptable } from '../error-envelope.ts';
import { shown } from '../query.ts';

const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/** Throws Refusal(400), or 406 for what is newer than the version. */
export const readConfigDrive = (value: JsonValue, minor: number): string | JsonObject => {
  if (typeof value === 'string') {
    if (value.includes('://') || BASE64.test(value)) return value;
    throw new Refusal(
      400,
      'Invalid configdrive format: it is neither a JSON, nor a URL, nor a base64 string',
    );
  }
  if (!isJsonObject(value)) {
    throw new Refusal(
      400,
      `Invalid configdrive: ${shown(typeof value)} is neither text nor object`,
    );
  }
  if (!offers(minor, 'configdrive-object')) throw notAcceptable();
  for (const [key, part] of Object.entries(value)) {
    requirePart(key, part, minor);
  }
  return value;
};

const requirePart = (key: string, part: JsonValue, minor: number): void => {
  switch (key) {
    case 'meta_data':
    case 'network_data':
    case 'vendor_data':
      if (key === 'vendor_data' && !offers(minor, 'configdrive-vendor-data')) throw notAcceptable();
      if (part !== null && !isJsonObject(part)) {
        throw new Refusal(400, `Invalid configdrive: ${key} must be an object`);
      }
      return;
    case 'user_data':
      if (part !== null && typeof part !== 'string' && typeof part !== 'object') {
        throw new Refusal(
          400,
          'Invalid configdrive: user_data must be a text, an object or a list',
        );
      }
      return;
    default:
      throw new Refusal(
        400,
        `Invalid configdrive: Additional properties are not allowed ('${key.slice(0, 100)}' was unexpected)`,
      );
  }
};
