// The config drive of `deploy`, from a directory, an ISO file, or only a hostname and a key. A directory becomes the
// JSON object of the API (the service makes the ISO); an ISO file travels as base64 of its gzip.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

import { CliFailure } from '../cli-failure.ts';

export type ConfigDriveWish = {
  /** A directory or an ISO file. */
  readonly path: string | undefined;
  readonly hostname: string | undefined;
  /** Text of an OpenSSH public key. */
  readonly sshKey: string | undefined;
};

/** The service refuses more; here it saves reading a disk image by mistake. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const PARTS = {
  'meta_data.json': 'meta_data',
  'network_data.json': 'network_data',
  'vendor_data.json': 'vendor_data',
  user_data: 'user_data',
} as const;

/** undefined: nothing was asked for. */
export const makeConfigDrive = (wish: ConfigDriveWish): string | JsonObject | undefined => {
  const { path, hostname, sshKey } = wish;
  const isNamed = hostname !== undefined || sshKey !== undefined;
  if (path === undefined) return isNamed ? withNames({}, wish) : undefined;
  if (statOf(path).isDirectory()) return withNames(readDirectory(path), wish);
  if (isNamed) {
    throw new CliFailure(
      'usage',
      '--hostname and --ssh-key cannot be put into an ISO file; give a directory as config drive',
    );
  }
  return gzipSync(readWhole(path)).toString('base64');
};

export const readSshKey = (path: string): string => {
  const text = readWhole(path).toString('utf8').trim();
  if (!/^(ssh-|ecdsa-|sk-)[^\n]+$/.test(text)) {
    throw new CliFailure(
      'usage',
      `${path} is not one OpenSSH public key (a file like id_ed25519.pub)`,
    );
  }
  return text;
};

const withNames = (drive: JsonObject, wish: ConfigDriveWish): JsonObject => {
  const { hostname, sshKey } = wish;
  const metaData = isJsonObject(drive['meta_data']) ? drive['meta_data'] : {};
  return {
    ...drive,
    meta_data: {
      ...metaData,
      ...(hostname === undefined ? {} : { hostname, name: hostname }),
      ...(sshKey === undefined ? {} : { public_keys: { default: sshKey } }),
    },
  };
};

const statOf = (path: string) => {
  try {
    return statSync(path);
  } catch (error) {
    throw new CliFailure('usage', `cannot read ${path}`, { cause: error });
  }
};

const readWhole = (path: string): Buffer => {
  const { size } = statOf(path);
  if (size > FILE_BYTES_MAX) {
    throw new CliFailure(
      'usage',
      `${path} has ${size} bytes; at most ${FILE_BYTES_MAX} are allowed`,
    );
  }
  return readFileSync(path);
};

/** The layout of a config drive (`openstack/latest/...`), or the same files at the top. */
const readDirectory = (path: string): JsonObject => {
  const nested = join(path, 'openstack', 'latest');
  const isNested = readdirSync(path).includes('openstack');
  const directory = isNested ? nested : path;
  const unknown = readdirSync(directory).filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) {
    throw new CliFailure(
      'usage',
      `${directory} holds ${unknown.join(', ')}; a config drive directory has ${Object.keys(PARTS).join(', ')}`,
    );
  }
  const drive: JsonObject = {};
  for (const [file, part] of Object.entries(PARTS)) {
    const content = readIfThere(join(directory, file));
    if (content === undefined) continue;
    drive[part] = part === 'user_data' ? content : parseJson(join(directory, file), content);
  }
  return drive;
};

const readIfThere = (path: string): string | undefined => {
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  return isThere ? readWhole(path).toString('utf8') : undefined;
};

const parseJson = (path: string, text: string): JsonValue => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new CliFailure('usage', `${path} is not JSON`, { cause: error });
  }
};
