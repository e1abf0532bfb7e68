// What `bessemer config explain` prints: meaning, unit, default, current value and its source.

import type { LoadedConfig } from './load.ts';
import { settingsByName } from './schema.ts';
import { ConfigInvalid, type Setting, type SettingValue } from './setting.ts';
import { nearest } from './nearest.ts';

/** One key, or all of a section, or all. Throws ConfigInvalid for an unknown name. */
export const explain = (loaded: LoadedConfig, name: string | undefined): string => {
  const all = [...settingsByName()];
  const wanted = all.filter(
    ([each]) => name === undefined || each === name || each.startsWith(`${name}.`),
  );
  if (wanted.length === 0) {
    const guess = nearest(
      name ?? '',
      all.map(([each]) => each),
    );
    throw new ConfigInvalid(
      `there is no key "${name}"${guess === undefined ? '' : `; did you mean "${guess}"?`}`,
    );
  }
  return wanted.map(([each, setting]) => paragraph(loaded, each, setting)).join('\n');
};

const paragraph = (loaded: LoadedConfig, name: string, setting: Setting): string => {
  const [section = '', key = ''] = name.split('.');
  const sections: { readonly [section: string]: { readonly [key: string]: SettingValue } } =
    loaded.settings;
  const stored = sections[section]?.[key] ?? null;
  const value = setting.isSecret && stored !== null ? '***' : stored;
  const unit = setting.unit === undefined ? '' : ` ${setting.unit}`;
  const choices = setting.choices === undefined ? '' : `\n  one of   ${setting.choices.join(', ')}`;
  return (
    `${name}\n  ${setting.meaning}\n` +
    `  default  ${valueText(setting.default)}${setting.default === null ? '' : unit}${choices}\n` +
    `  now      ${valueText(value)}${value === null ? '' : unit} (${loaded.sources.get(name) ?? 'default'})\n`
  );
};

const valueText = (value: SettingValue): string => {
  if (value === null) return 'not set';
  if (Array.isArray(value)) return value.length === 0 ? '(empty list)' : value.join(', ');
  return String(value);
};
