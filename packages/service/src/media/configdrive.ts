// Config drives: an ISO labelled config-2 that the installed system reads at its first boot. Given as data, it is
// built here; given ready-made (base64 of a compressed ISO), it is checked and passed on.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

const run = promisify(execFile);
const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** What the partition for it has room for; the limit of the reference service too. */
const CONFIG_DRIVE_BYTES_MAX = 64 * 1_048_576;
const XORRISO_MS_MAX = 30_000;
/** The same parts give the same bytes, so that a step that is run again writes the same drive. */
const FIXED_DATE = '2020010100000000';
const LABEL = 'config-2';
/** Where ISO 9660 says that it is one. */
const ISO_MAGIC_OFFSET = 32_769;
const ISO_MAGIC = 'CD001';

const tooLarge = (): Failure =>
  new Failure('configdrive.too-large', 'The config drive is larger than 64 MiB. Make it smaller.');

const invalid = (what: string, cause?: unknown): Failure =>
  new Failure('configdrive.invalid', `The config drive ${what}.`, { cause });

const isIso = (bytes: Buffer): boolean =>
  bytes.subarray(ISO_MAGIC_OFFSET, ISO_MAGIC_OFFSET + ISO_MAGIC.length).toString('latin1') ===
  ISO_MAGIC;

const checkReadyMade = async (text: string): Promise<string> => {
  let iso: Buffer;
  try {
    iso = await unpack(Buffer.from(text, 'base64'), { maxOutputLength: CONFIG_DRIVE_BYTES_MAX });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw invalid('is not base64 of a gzip-compressed image', cause);
  }
  if (!isIso(iso)) throw invalid('holds no ISO 9660 image');
  return text;
};

/** What must be a JSON object, given as one or as its text. */
const objectOf = (value: JsonValue, key: string): JsonObject => {
  let given = value;
  if (typeof value === 'string') {
    try {
      given = JSON.parse(value) as JsonValue;
    } catch (cause) {
      throw invalid(`has ${key} that is not JSON`, cause);
    }
  }
  if (!isJsonObject(given)) throw invalid(`has ${key} that is not an object`);
  return given;
};

const objectText = (value: JsonValue, key: string): string => JSON.stringify(objectOf(value, key));

type FileRule = {
  readonly name: string;
  readonly text: (value: JsonValue, key: string) => string;
};

const FILES: { readonly [key: string]: FileRule } = {
  // A script or cloud-config stays as it is; data becomes JSON, which is YAML too.
  user_data: {
    name: 'user_data',
    text: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
  },
  network_data: { name: 'network_data.json', text: objectText },
  vendor_data: { name: 'vendor_data2.json', text: objectText },
};

const metaData = (value: JsonValue | undefined, nodeUuid: string): string => {
  const given = value === undefined || value === null ? {} : objectOf(value, 'meta_data');
  return JSON.stringify({ uuid: nodeUuid, ...given });
};

const writeFiles = async (directory: string, data: JsonObject, nodeUuid: string): Promise<void> => {
  const latest = join(directory, 'openstack', 'latest');
  await mkdir(latest, { recursive: true });
  await writeFile(join(latest, 'meta_data.json'), metaData(data['meta_data'], nodeUuid));
  for (const [key, { name, text }] of Object.entries(FILES)) {
    const value = data[key];
    if (value === undefined || value === null) continue;
    await writeFile(join(latest, name), text(value, key));
  }
};

const build = async (data: JsonObject, nodeUuid: string): Promise<string> => {
  const scratch = await mkdtemp(join(tmpdir(), 'bessemer-configdrive-'));
  try {
    const tree = join(scratch, 'tree');
    const iso = join(scratch, 'drive.iso');
    await writeFiles(tree, data, nodeUuid);
    // -r: owned by root and readable, whoever the service runs as and whatever its umask is.
    const args = ['-as', 'mkisofs', '-quiet', '-r', '-J', '-V', LABEL];
    const dates = [`--modification-date=${FIXED_DATE}`, '--set_all_file_dates', FIXED_DATE];
    await run('xorriso', [...args, ...dates, '-o', iso, tree], { timeout: XORRISO_MS_MAX });
    const bytes = await readFile(iso);
    if (bytes.length > CONFIG_DRIVE_BYTES_MAX) throw tooLarge();
    return (await pack(bytes)).toString('base64');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw invalid('could not be built with xorriso', error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/** Base64 of a gzip-compressed ISO. Throws Failure `configdrive.too-large` or `configdrive.invalid`. */
export const buildConfigDrive = async (
  value: string | JsonObject,
  options: { readonly nodeUuid: string },
): Promise<string> => {
  if (typeof value !== 'string') return build(value, options.nodeUuid);
  if (value.includes('://')) throw invalid('is an address; give its content instead');
  return checkReadyMade(value);
};
