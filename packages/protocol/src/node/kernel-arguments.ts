// Kernel arguments that operators add to a ramdisk's. They end in boot scripts and boot loader configurations, where a
// line break, a quote or a `${` would be more than a word: only characters that every loader takes as they are get
// in, and none of the names by which the service itself speaks to the ramdisk.

import { Refusal } from '../errors/refusal.ts';
import { isJsonObject, type JsonValue } from '../json.ts';

/** Stands for the arguments of the configuration. */
export const DEFAULT_ARGUMENTS = '%default%';

/** The kernel takes 2,048 characters in all; ours need some hundred. */
const CHARS_MAX = 1_024;
const WORDS_MAX = 64;
const WORD_PATTERN = /^[A-Za-z0-9._,:=/@%+*~[\]-]+$/;

/** Compared without case, `_` and `-` alike, as the agent reads them. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'bootif',
  'boot-method',
  'initrd',
  'init',
  'rdinit',
  'ipa-api-url',
  'ipa-agent-token',
  'ipa-agent-token-required',
  'ipa-advertise-host',
  'ipa-advertise-port',
  'ipa-advertise-protocol',
  'ipa-enable-auto-tls',
  'ipa-insecure',
  'ipa-inspection-callback-url',
  'ipa-ironic-api-version',
  'ipa-listen-host',
  'ipa-listen-port',
  'ipa-use-mdns',
]);

const nameOf = (word: string): string =>
  (word.split('=', 1)[0] ?? '').toLowerCase().replaceAll('_', '-');

/**
 * The words of `text`, which came from `field`. Throws `Refusal` 400 that names the field and what is allowed, never
 * the text.
 */
export const parseKernelArguments = (field: string, text: JsonValue): readonly string[] => {
  if (typeof text !== 'string') throw new Refusal(400, `${field} must be a text`);
  if (text.length > CHARS_MAX) {
    throw new Refusal(400, `${field} is longer than ${CHARS_MAX} characters`);
  }
  const words = text.split(' ').filter((word) => word !== '');
  if (words.length > WORDS_MAX) throw new Refusal(400, `${field} has more than ${WORDS_MAX} words`);
  for (const word of words) {
    if (!WORD_PATTERN.test(word)) {
      throw new Refusal(
        400,
        `${field} may hold words of letters, digits and . _ , : = / @ % + * ~ [ ] - with single spaces between, nothing else`,
      );
    }
    if (OWN_NAMES.has(nameOf(word))) {
      throw new Refusal(400, `${field} may not set ${nameOf(word)}: the service sets it itself`);
    }
  }
  return words;
};

/** Keys of driver_info and instance_info that hold kernel arguments. */
const ARGUMENT_KEYS = ['kernel_append_params', 'ramdisk_kernel_arguments'] as const;

/** Refuses a driver_info or instance_info whose kernel arguments could not be used. */
export const checkKernelArguments = (field: string, value: JsonValue): void => {
  if (!isJsonObject(value)) return;
  for (const key of ARGUMENT_KEYS) {
    const text = value[key];
    if (text !== undefined && text !== null) parseKernelArguments(`${field} ${key}`, text);
  }
};

type Nodeish = {
  readonly instanceInfo: { readonly [key: string]: JsonValue };
  readonly driverInfo: { readonly [key: string]: JsonValue };
};

/**
 * What the operator adds for this node: instance_info beats driver_info beats `configured`; the word `%default%`
 * stands for `configured`. Checked again here: rows may be older than the rules.
 */
export const addedKernelArguments = (node: Nodeish, configured: string): readonly string[] => {
  const defaults = parseKernelArguments('[netboot] kernel_append_params', configured);
  for (const [field, info] of [
    ['instance_info', node.instanceInfo],
    ['driver_info', node.driverInfo],
  ] as const) {
    const text = info['kernel_append_params'];
    if (text === undefined || text === null) continue;
    return parseKernelArguments(`${field} kernel_append_params`, text).flatMap((word) =>
      word === DEFAULT_ARGUMENTS ? defaults : [word],
    );
  }
  return defaults;
};
