// The description of an image in a command, checked before anything starts.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { CommandFailure } from '../command-failure.ts';

export type ImageDigest = { readonly algorithm: 'sha256' | 'sha512'; readonly value: string };

export type ImageInfo = {
  readonly id: string;
  readonly urls: readonly string[];
  /** Over the file as it is downloaded, compressed or not. */
  readonly digest: ImageDigest;
  readonly format: 'raw' | 'qcow2' | 'iso';
  /** Value of an Authorization header for the image server. */
  readonly authorization: string | null;
};

const FORMATS = ['raw', 'qcow2', 'iso'] as const;
const DIGEST_CHARS = { sha256: 64, sha512: 128 } as const;

/** Throws InvalidCommandParamsError: the caller gets HTTP 400. */
export const parseImageInfo = (value: JsonValue | undefined): ImageInfo => {
  if (!isJsonObject(value)) refuse("'image_info' must be an object.");
  const { id, urls, disk_format: format } = value;
  if (id === undefined) refuse("Image is missing 'id' field.");
  if (typeof id !== 'string' || id === '') refuse("Image 'id' must be a non-empty string.");
  if (urls === undefined) refuse("Image is missing 'urls' field.");
  if (!Array.isArray(urls) || urls.length === 0) {
    refuse("Image 'urls' must be a list with at least one element.");
  }
  if (value['image_type'] === 'partition') {
    refuse('Partition images are not supported; use a whole-disk image.');
  }
  const known = FORMATS.find((name) => name === (format ?? 'raw'));
  if (known === undefined) {
    refuse(`Image 'disk_format' must be one of ${FORMATS.join(', ')}.`);
  }
  return {
    id,
    urls: urls.map(checkedUrl),
    digest: digestOf(value),
    format: known,
    authorization: authorizationOf(value),
  };
};

function refuse(text: string): never {
  throw new CommandFailure('InvalidCommandParamsError', text);
}

const checkedUrl = (url: JsonValue): string => {
  if (typeof url !== 'string' || !/^https?:\/\//.test(url) || !URL.canParse(url)) {
    return refuse("Image 'urls' must be http or https addresses.");
  }
  return url;
};

/** `os_hash_*` wins. MD5 and checksums that are themselves downloaded prove nothing and are refused. */
const digestOf = (info: JsonObject): ImageDigest => {
  const { checksum, os_hash_algo: algorithm, os_hash_value: hash } = info;
  const value = typeof hash === 'string' && hash !== '' ? hash : checksum;
  if (typeof value !== 'string' || value === '') {
    return refuse("Image is missing a checksum: 'os_hash_algo' and 'os_hash_value' are needed.");
  }
  if (/^https?:\/\//.test(value)) {
    return refuse('A checksum that is downloaded itself proves nothing; state the value.');
  }
  const text = value.trim().toLowerCase();
  const named = value === hash ? algorithm : undefined;
  if (named === 'md5' || text.length === 32) {
    return refuse('MD5 checksums are refused: they can be forged. Use sha256 or sha512.');
  }
  for (const known of ['sha256', 'sha512'] as const) {
    const isMeant = typeof named === 'string' ? named.toLowerCase() === known : true;
    if (isMeant && text.length === DIGEST_CHARS[known] && /^[0-9a-f]+$/.test(text)) {
      return { algorithm: known, value: text };
    }
  }
  return refuse('Image checksum must be sha256 or sha512 in hexadecimal digits.');
};

const authorizationOf = (info: JsonObject): string | null => {
  const whole = info['image_request_authorization'];
  if (typeof whole === 'string' && whole !== '') {
    return Buffer.from(whole, 'base64').toString('utf8');
  }
  const { image_server_user: user, image_server_password: password } = info;
  if (info['image_server_auth_strategy'] !== 'http_basic') return null;
  if (typeof user !== 'string' || typeof password !== 'string') return null;
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
};
