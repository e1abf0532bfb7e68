// What the control plane says to a separate boot host, and in which words. It calls, the host answers and never calls
// by itself: HTTPS, with a client certificate of the control plane's authority.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { parseKernelArguments } from '@bessemer/protocol/node/kernel-arguments';

import type { BootManifest } from '../boot-host.ts';
import { isScriptUrl } from '../ipxe-script.ts';

/** Files go by their content, and are sent once. */
export type PushedFile =
  | { readonly kind: 'sha256'; readonly sha256: string }
  | { readonly kind: 'url'; readonly url: string };

export type PushedBoot = Omit<BootManifest, 'kernel' | 'ramdisk'> & {
  readonly kernel: PushedFile;
  readonly ramdisk: PushedFile;
};

/** What a boot needs of the host's files. */
export const filesOf = ({ kernel, ramdisk }: PushedBoot): readonly string[] =>
  [kernel, ramdisk].flatMap((file) => (file.kind === 'sha256' ? [file.sha256] : []));

export const BOOTS_PATH = '/v1/boots';
export const FILES_PATH = '/v1/files';
export const LEASES_PATH = '/v1/leases';
export const DENIALS_PATH = '/v1/denials';

/** Answered with `{missing: [sha256]}` to a boot whose files are not there yet. */
export const FILES_MISSING = 409;
/** A configuration archive has at most 256 KiB, four thirds of that as text, and the rest is short. */
export const BOOT_BYTES_MAX = 1024 ** 2;
/** Ramdisks of other makers have half a GiB. */
export const FILE_BYTES_MAX = 4 * 1024 ** 3;

/** Common names that certificates of the two ends begin with: an agent's certificate is neither. */
export const CONDUCTOR_NAME_START = 'conductor ';
export const BOOT_HOST_NAME_START = 'boot host ';

const UUID_PATTERN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHA256_PATTERN = /^[0-9a-f]{64}$/;
const MAC_PATTERN = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const ADDRESS_PATTERN = /^[0-9a-f.:]{2,45}$/;
const BASE64_PATTERN = /^[A-Za-z0-9+/]*={0,2}$/;
/** Cards of one machine, and what they are called. */
const ITEMS_MAX = 64;

/** These words are ours, and no operator may write them; the control plane does. */
const OWN_WORD = /^(ipa-api-url|ipa-debug|ipa-global-request-id)=[A-Za-z0-9._:/[\]-]+$/;

export const isUuid = (text: string): boolean => UUID_PATTERN.test(text);
export const isSha256 = (text: string): boolean => SHA256_PATTERN.test(text);

const wrong = (field: string): Refusal => new Refusal(400, `${field} is not as it should be`);

const textOf = (body: JsonObject, field: string, pattern: RegExp): string => {
  const value = body[field];
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw wrong(field);
};

const wholeOf = (body: JsonObject, field: string): number => {
  const value = body[field];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(field);
};

const textsOf = (body: JsonObject, field: string, pattern: RegExp): readonly string[] => {
  const value: JsonValue | undefined = body[field];
  const isList = Array.isArray(value) && value.length <= ITEMS_MAX;
  if (!isList) throw wrong(field);
  return value.map((each) => {
    if (typeof each === 'string' && pattern.test(each)) return each;
    throw wrong(field);
  });
};

const argumentsOf = (body: JsonObject): readonly string[] => {
  const words = textsOf(body, 'kernelArguments', /^[!-~]{1,1024}$/);
  const foreign = words.filter((word) => !OWN_WORD.test(word));
  parseKernelArguments('kernelArguments', foreign.join(' '));
  return words;
};

const fileOf = (body: JsonObject, field: string): PushedFile => {
  const file = body[field];
  if (!isJsonObject(file)) throw wrong(field);
  const { kind, sha256, url } = file;
  if (kind === 'sha256' && typeof sha256 === 'string' && isSha256(sha256)) return { kind, sha256 };
  if (kind === 'url' && typeof url === 'string' && isScriptUrl(url)) return { kind, url };
  throw wrong(field);
};

/** Throws `Refusal` 400 that names the field: a control plane of another version, or worse. */
export const parsePushedBoot = (body: unknown): PushedBoot => {
  if (!isJsonObject(body)) throw wrong('the body');
  const from: JsonObject = body;
  return {
    id: textOf(from, 'id', UUID_PATTERN),
    nodeUuid: textOf(from, 'nodeUuid', UUID_PATTERN),
    sessionId: textOf(from, 'sessionId', UUID_PATTERN),
    bootNumber: wholeOf(from, 'bootNumber'),
    macs: textsOf(from, 'macs', MAC_PATTERN),
    addresses: textsOf(from, 'addresses', ADDRESS_PATTERN),
    expiresMs: wholeOf(from, 'expiresMs'),
    kernelArguments: argumentsOf(from),
    kernel: fileOf(from, 'kernel'),
    ramdisk: fileOf(from, 'ramdisk'),
    archive: textOf(from, 'archive', BASE64_PATTERN),
  };
};
