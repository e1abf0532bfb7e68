// The configuration in force: defaults, then the file, then BESSEMER_* variables, then --set. What is not known is
// an error, with the name that was probably meant.

import { readFileSync } from 'node:fs';

import { type Settings, settingsByName } from './schema.ts';
import { ConfigInvalid, readValue, type SettingValue } from './setting.ts';
import { nearest } from './nearest.ts';

export type ConfigSources = {
  /** Path of a YAML file. */
  readonly file: string | undefined;
  readonly environment: { readonly [name: string]: string | undefined };
  /** `section.key=value`, as given with --set. */
  readonly overrides: readonly string[];
};

export type LoadedConfig = {
  readonly settings: Settings;
  /** `section.key` to where its value comes from; keys at their default are absent. */
  readonly sources: ReadonlyMap<string, string>;
};

/** Throws ConfigInvalid. */
export const loadConfig = async (from: ConfigSources): Promise<LoadedConfig> => {
  const known = settingsByName();
  const values = new Map<string, SettingValue>();
  const sources = new Map<string, string>();
  const take = (name: string, raw: unknown, source: string): void => {
    const setting = known.get(name);
    if (setting === undefined) throw unknownKey(name, source, [...known.keys()]);
    if (setting.isSecret && source !== from.file) {
      throw new ConfigInvalid(
        `${name} is a secret: give it in the file of --config, or as a file of its own`,
      );
    }
    values.set(name, readValue(name, setting, raw));
    sources.set(name, source);
  };
  for (const [name, setting] of known) values.set(name, setting.default);
  if (from.file !== undefined) {
    for (const [name, raw] of await readFile(from.file)) take(name, raw, from.file);
  }
  for (const [variable, text] of Object.entries(from.environment)) {
    const name = settingOfVariable(variable, known);
    if (name !== undefined && text !== undefined) take(name, text, `variable ${variable}`);
  }
  for (const override of from.overrides) {
    const equals = override.indexOf('=');
    if (equals === -1) throw new ConfigInvalid(`--set ${override}: expected section.key=value`);
    take(override.slice(0, equals), override.slice(equals + 1), '--set');
  }
  return { settings: nest(values), sources };
};

const unknownKey = (name: string, source: string, names: readonly string[]): ConfigInvalid => {
  const guess = nearest(name, names);
  return new ConfigInvalid(
    `${source}: there is no key "${name}"${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
  );
};

const readFile = async (path: string): Promise<readonly (readonly [string, unknown])[]> => {
  // Loaded only when there is a file: a start without one should not pay for it.
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    document = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigInvalid(`${path} cannot be read: ${(error as Error).message}`);
  }
  if (document === null || document === undefined) return [];
  if (!isMapping(document)) throw new ConfigInvalid(`${path}: expected sections with keys`);
  return Object.entries(document).flatMap(([section, keys]) => {
    if (keys === null) return [];
    if (!isMapping(keys)) throw new ConfigInvalid(`${path}: section ${section} must hold keys`);
    return Object.entries(keys).map(([key, raw]) => [`${section}.${key}`, raw] as const);
  });
};

const isMapping = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * `BESSEMER_API_MAX_LIMIT` is api.max_limit. Variables that begin with no section are not ours (BESSEMER_CACHE);
 * one that does but names no key is an error.
 */
const settingOfVariable = (
  variable: string,
  known: ReadonlyMap<string, unknown>,
): string | undefined => {
  if (!variable.startsWith('BESSEMER_')) return undefined;
  const words = variable.slice('BESSEMER_'.length);
  const sections = new Set([...known.keys()].map((name) => name.split('.')[0] as string));
  // Names of sections have underscores too.
  const match = [...sections].find((each) => words.startsWith(`${each.toUpperCase()}_`));
  return match === undefined
    ? undefined
    : `${match}.${words.slice(match.length + 1).toLowerCase()}`;
};

const nest = (values: ReadonlyMap<string, SettingValue>): Settings => {
  const nested: { [section: string]: { [key: string]: SettingValue } } = {};
  for (const [name, value] of values) {
    const dot = name.indexOf('.');
    const section = (nested[name.slice(0, dot)] ??= {});
    section[name.slice(dot + 1)] = value;
  }
  return nested as unknown as Settings;
};
