// What one configuration key is, and how a text or YAML value becomes its value.

export type SettingKind = 'flag' | 'text' | 'count' | 'list';

export type SettingValue = boolean | string | number | readonly string[] | null;

export type Setting = {
  readonly kind: SettingKind;
  readonly default: SettingValue;
  readonly meaning: string;
  readonly unit?: 'seconds' | 'bytes' | 'MiB';
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** Taken from the file only, never from flags or variables, which others can read; never shown. */
  readonly isSecret?: true;
};

/** A key or value that cannot be used; the text names the key and what would be right. */
export class ConfigInvalid extends Error {}

const TRUE_WORDS = ['true', 'yes', 'on', '1'];
const FALSE_WORDS = ['false', 'no', 'off', '0'];
/** Integers that no setting exceeds unless it says so. */
const COUNT_MAX = 1_000_000_000;

/** `raw` comes from YAML (typed) or from a variable or flag (text). Throws ConfigInvalid. */
export const readValue = (name: string, setting: Setting, raw: unknown): SettingValue => {
  if (raw === null || raw === undefined) {
    if (setting.default === null) return null;
    throw new ConfigInvalid(`${name} has no value; leave the line out for its default`);
  }
  const value = READERS[setting.kind](name, setting, raw);
  if (setting.choices === undefined) return value;
  for (const each of Array.isArray(value) ? (value as string[]) : [String(value)]) {
    if (!setting.choices.includes(each)) {
      throw new ConfigInvalid(`${name}: "${each}" is not one of ${setting.choices.join(', ')}`);
    }
  }
  return value;
};

type Reader = (name: string, setting: Setting, raw: unknown) => SettingValue;

const READERS: { readonly [kind in SettingKind]: Reader } = {
  flag: (name, _setting, raw) => {
    if (typeof raw === 'boolean') return raw;
    const word = String(raw).toLowerCase();
    if (TRUE_WORDS.includes(word)) return true;
    if (FALSE_WORDS.includes(word)) return false;
    throw new ConfigInvalid(`${name}: "${word}" is neither true nor false`);
  },
  text: (name, setting, raw) => {
    if (typeof raw !== 'string' && typeof raw !== 'number') {
      throw new ConfigInvalid(`${name} must be a text`);
    }
    return String(raw) === '' && setting.default === null ? null : String(raw);
  },
  count: (name, setting, raw) => {
    const { min = 0, max = COUNT_MAX, unit } = setting;
    const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
    // Durations may be given in parts of a second; everything else is whole.
    const isRight =
      typeof value === 'number' &&
      value >= min &&
      value <= max &&
      (unit === 'seconds' || Number.isInteger(value));
    if (isRight) return value;
    throw new ConfigInvalid(
      `${name}: "${String(raw)}" is not a number${unit === undefined ? '' : ` of ${unit}`} from ${min} to ${max}`,
    );
  },
  list: (name, _setting, raw) => {
    if (Array.isArray(raw)) return raw.map((each) => entryText(name, each));
    if (typeof raw === 'string') return splitList(raw);
    throw new ConfigInvalid(`${name} must be a list`);
  },
};

const entryText = (name: string, raw: unknown): string => {
  if (typeof raw === 'string') return raw;
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  // What YAML makes of a text with `: ` in it.
  throw new ConfigInvalid(`${name} has an entry that is no text; put quotes around it`);
};

const splitList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
