// Where an image comes from, and whether we may go there. Checked twice: the node's own words before a deployment
// is taken on (no network, a refusal), and the world behind them when it runs (a failure).

import { lookup } from 'node:dns/promises';
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { isIP } from 'node:net';
import { basename, normalize, sep } from 'node:path';

import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';

import { makeImageAddressRules } from './image-network.ts';

export type ImageRules = {
  /** CIDR of networks that are denied by default and allowed here (private ranges, loopback). */
  readonly allowedNetworks: readonly string[];
  /** Absolute paths; file:// images may lie below them. Empty: no file:// images. */
  readonly fileDirectories: readonly string[];
};

export type ImageFormat = 'raw' | 'qcow2';

export type ImageRequest = {
  readonly source:
    | { readonly kind: 'url'; readonly url: URL }
    | { readonly kind: 'file'; readonly path: string };
  /** Last part of the path; the image's id on the wire. */
  readonly name: string;
  readonly format: ImageFormat;
  readonly algorithm: 'sha256' | 'sha512';
  /** Hex, lower case. */
  readonly digest: string;
};

const FORMATS = new Set(['raw', 'qcow2']);
const DIGEST_CHARS = { sha256: 64, sha512: 128 } as const;
const MD5_CHARS = 32;
const NAME_CHARS_MAX = 255;
/** Longer ones are cut by somebody on the way. */
const URL_CHARS_MAX = 2_000;
const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._~+-]*$/;

const refuse = (text: string): Refusal => new Refusal(400, text);

const textOf = (info: JsonObject, key: string): string => {
  const value = info[key];
  return typeof value === 'string' ? value.trim() : '';
};

const checksumOf = (info: JsonObject): Pick<ImageRequest, 'algorithm' | 'digest'> => {
  const value = (
    textOf(info, 'image_os_hash_value') || textOf(info, 'image_checksum')
  ).toLowerCase();
  const algorithm = textOf(info, 'image_os_hash_algo').toLowerCase();
  if (value === '') {
    throw refuse(
      'instance_info needs image_os_hash_algo and image_os_hash_value (sha256 or sha512), or image_checksum: an image is not written unless it can be verified.',
    );
  }
  if (algorithm === 'md5' || (algorithm === '' && value.length === MD5_CHARS)) {
    throw refuse(
      'instance_info names an md5 checksum. md5 proves nothing any more; give image_os_hash_algo sha256 or sha512.',
    );
  }
  if (value.includes('://')) {
    throw refuse(
      'instance_info image_checksum must be the checksum itself, not the address of one.',
    );
  }
  for (const known of ['sha256', 'sha512'] as const) {
    const isMeant = algorithm === known || algorithm === '';
    if (isMeant && value.length === DIGEST_CHARS[known] && /^[0-9a-f]+$/.test(value)) {
      return { algorithm: known, digest: value };
    }
  }
  throw refuse(
    'instance_info image_os_hash_value is no hexadecimal checksum of the length that image_os_hash_algo (sha256 or sha512) has.',
  );
};

const sourceOf = (text: string, rules: ImageRules): ImageRequest['source'] => {
  const scheme = /^(https?|file):\/\//.exec(text)?.[1];
  if (scheme === undefined || !URL.canParse(text)) {
    throw refuse('instance_info image_source must be an http://, https:// or file:// address.');
  }
  // Parsers differ about spaces, controls and backslashes, and about what an address means that is full of them.
  if (!/^[\x21-\x7e]+$/.test(text) || text.includes('\\') || text.length > URL_CHARS_MAX) {
    throw refuse(
      `instance_info image_source must be at most ${URL_CHARS_MAX} characters, the unusual ones percent-encoded.`,
    );
  }
  const url = new URL(text);
  if (url.hash !== '') throw refuse('instance_info image_source must not hold a fragment (#).');
  if (scheme === 'file') {
    return { kind: 'file', path: filePathOf(text.slice('file://'.length), rules) };
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('instance_info image_source must not hold a user name or password.');
  }
  const host = hostOf(url);
  const objection =
    isIP(host) === 0 ? undefined : makeImageAddressRules(rules.allowedNetworks)(host);
  if (objection !== undefined) {
    throw refuse(`instance_info image_source names an address that ${objection}.`);
  }
  return { kind: 'url', url };
};

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

const filePathOf = (text: string, rules: ImageRules): string => {
  if (rules.fileDirectories.length === 0) {
    throw refuse(
      'instance_info image_source is a file:// address, and [image] file_directories lists no directory for such images.',
    );
  }
  const path = decoded(text);
  // A parser would tidy `..` away; whoever writes it means something else than he says.
  if (!path.startsWith('/') || normalize(path) !== path || /[\0?]/.test(path)) {
    throw refuse('instance_info image_source must be file:// and a plain absolute path.');
  }
  return path;
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw refuse('instance_info image_source has a wrong percent-encoding.');
  }
};

/** Throws Refusal(400) that names the field and what would be right. No file or network is touched. */
export const checkImageSource = (instanceInfo: JsonObject, rules: ImageRules): ImageRequest => {
  const text = textOf(instanceInfo, 'image_source');
  if (text === '') throw refuse('instance_info lacks image_source.');
  const source = sourceOf(text, rules);
  const format = textOf(instanceInfo, 'image_disk_format') || 'raw';
  if (!FORMATS.has(format)) {
    throw refuse('instance_info image_disk_format must be raw or qcow2.');
  }
  if (textOf(instanceInfo, 'image_type') === 'partition') {
    throw refuse('instance_info image_type partition is not supported: give a whole-disk image.');
  }
  const path = source.kind === 'file' ? source.path : decoded(source.url.pathname);
  const name = basename(path);
  if (!NAME_PATTERN.test(name) || name.length > NAME_CHARS_MAX) {
    throw refuse('instance_info image_source must end in a plain file name.');
  }
  return { source, name, format: format as ImageFormat, ...checksumOf(instanceInfo) };
};

const denied = (text: string): Failure => new Failure('image.url-denied', text);

export type AddressLookup = (host: string) => Promise<readonly string[]>;

const systemLookup: AddressLookup = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** Throws Failure `image.url-denied`. Every address that the name has must be fine: the agent may take any. */
export const checkImageHost = async (
  url: URL,
  rules: ImageRules,
  addressesOf: AddressLookup = systemLookup,
): Promise<void> => {
  const host = hostOf(url);
  let addresses;
  try {
    addresses = await addressesOf(host);
  } catch (cause) {
    throw new Failure('image.download', `The image server ${host} has no address.`, {
      isRetryable: true,
      cause,
    });
  }
  const objectionTo = makeImageAddressRules(rules.allowedNetworks);
  for (const address of addresses) {
    const objection = objectionTo(address);
    if (objection === undefined) continue;
    throw denied(`The image server ${host} has an address, ${address}, that ${objection}.`);
  }
};

/** An open regular file below one of the directories; links are followed first and judged by where they end. */
export const openImageFile = async (path: string, rules: ImageRules): Promise<FileHandle> => {
  const real = await realPathOf(path, 'The image file');
  const directories = await Promise.all(
    rules.fileDirectories.map((each) => realPathOf(each, 'A directory for image files')),
  );
  if (!directories.some((directory) => real.startsWith(directory + sep))) {
    throw denied('The image file does not lie in a directory of [image] file_directories.');
  }
  // Not blocking: a pipe would hold a thread for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(real, flags).catch((cause: unknown) => {
    throw new Failure('image.download', 'The image file cannot be opened.', { cause });
  });
  try {
    // What was opened is what was judged, even if a directory on the way was exchanged meanwhile.
    const opened = await readlink(`/proc/self/fd/${file.fd}`);
    const facts = await file.stat();
    if (opened === real && facts.isFile()) return file;
    throw denied('The image is not a regular file.');
  } catch (error) {
    await file.close();
    throw error;
  }
};

const realPathOf = async (path: string, what: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (cause) {
    throw new Failure('image.download', `${what} does not exist.`, { cause });
  }
};
