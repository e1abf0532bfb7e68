// Where an image comes from, and whether we may go there. Checked twice: the node's own words before a deployment
// is taken on (no network, a refusal), and the world behind them when it runs (a failure).

import { lookup } from 'node:dns/promises';
import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import { basename, sep } from 'node:path';

import { Failure } from '@bessemer/protocol/errors/failure';
import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonObject } from '@bessemer/protocol/json';

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
  if (!URL.canParse(text)) {
    throw refuse('instance_info image_source must be an http://, https:// or file:// address.');
  }
  const url = new URL(text);
  if (url.protocol === 'file:') {
    if (rules.fileDirectories.length === 0) {
      throw refuse(
        'instance_info image_source is a file:// address, and [image] file_directories lists no directory for such images.',
      );
    }
    return { kind: 'file', path: decodeURIComponent(url.pathname) };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refuse('instance_info image_source must be an http://, https:// or file:// address.');
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('instance_info image_source must not hold a user name or password.');
  }
  return { kind: 'url', url };
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
  const path = source.kind === 'file' ? source.path : decodeURIComponent(source.url.pathname);
  const name = basename(path);
  if (!NAME_PATTERN.test(name) || name.length > NAME_CHARS_MAX) {
    throw refuse('instance_info image_source must end in a plain file name.');
  }
  return { source, name, format: format as ImageFormat, ...checksumOf(instanceInfo) };
};

const networks = (cidrs: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    const isSix = isIP(address) === 6;
    list.addSubnet(address, Number(bits ?? (isSix ? 128 : 32)), isSix ? 'ipv6' : 'ipv4');
  }
  return list;
};

/** Never, whatever is listed: link-local (cloud metadata), multicast, "this host". */
const NEVER = networks([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  '::/128',
  'fe80::/10',
  'ff00::/8',
]);
/** Only where listed: what lies behind our own doors. */
const PRIVATE = networks([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '::1/128',
  'fc00::/7',
]);
const MAPPED_PREFIX = '::ffff:';

const denied = (text: string): Failure => new Failure('image.url-denied', text);

/** Throws Failure `image.url-denied`. Every address that the name has must be fine: the agent may take any. */
export const checkImageHost = async (url: URL, rules: ImageRules): Promise<void> => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const listed = networks(rules.allowedNetworks);
  let addresses;
  try {
    addresses = await lookup(host, { all: true });
  } catch (cause) {
    throw new Failure('image.download', `The image server ${host} has no address.`, {
      isRetryable: true,
      cause,
    });
  }
  for (const each of addresses) {
    const isMapped = each.address.startsWith(MAPPED_PREFIX) && isIP(each.address.slice(7)) === 4;
    const address = isMapped ? each.address.slice(MAPPED_PREFIX.length) : each.address;
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const isPrivate = PRIVATE.check(address, family) && !listed.check(address, family);
    if (NEVER.check(address, family) || isPrivate) {
      throw denied(
        `The image server ${host} is in a network that images may not come from. List it in [image] allowed_networks if it may.`,
      );
    }
  }
};

/** An open regular file below one of the directories; links are followed first and judged by where they end. */
export const openImageFile = async (path: string, rules: ImageRules): Promise<FileHandle> => {
  let real: string;
  try {
    real = await realpath(path);
  } catch (cause) {
    throw new Failure('image.download', 'The image file does not exist.', { cause });
  }
  const directories = await Promise.all(rules.fileDirectories.map((each) => realpath(each)));
  if (!directories.some((directory) => real.startsWith(directory + sep))) {
    throw denied('The image file does not lie in a directory of [image] file_directories.');
  }
  // Not blocking: a pipe would hold a thread for ever. The resolved path must not have become a link since.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(real, flags);
  const facts = await file.stat();
  if (facts.isFile()) return file;
  await file.close();
  throw denied('The image is not a regular file.');
};
