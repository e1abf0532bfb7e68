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

/** User data may be given as text or as data; text stays as it is. */
const fileText = (value: JsonValue): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

const FILES: { readonly [key: string]: string } = {
  user_data: 'user_data',
  network_data: 'network_data.json',
  vendor_data: 'vendor_data2.json',
};

const metaData = (value: JsonValue | undefined, nodeUuid: string): string => {
  const given = isJsonObject(value) ? value : {};
  return JSON.stringify({ uuid: nodeUuid, ...given });
};

const writeFiles = async (directory: string, data: JsonObject, nodeUuid: string): Promise<void> => {
  const latest = join(directory, 'openstack', 'latest');
  await mkdir(latest, { recursive: true });
  await writeFile(join(latest, 'meta_data.json'), metaData(data['meta_data'], nodeUuid));
  for (const [key, name] of Object.entries(FILES)) {
    const value = data[key];
    if (value !== undefined && value !== null) await writeFile(join(latest, name), fileText(value));
  }
};

const build = async (data: JsonObject, nodeUuid: string): Promise<string> => {
  const scratch = await mkdtemp(join(tmpdir(), 'bessemer-configdrive-'));
  try {
    const tree = join(scratch, 'tree');
    const iso = join(scratch, 'drive.iso');
    await writeFiles(tree, data, nodeUuid);
    const args = ['-as', 'mkisofs', '-quiet', '-R', '-J', '-V', LABEL];
    const dates = [`--modification-date=${FIXED_DATE}`, '--set_all_file_dates', 'set_to_mtime'];
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
