// Answers of a BMC are a stranger's text until they have passed here.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';

/** The largest honest answers seen are certificate and registry dumps of about 1.5 MiB. */
export const ANSWER_BYTES_MAX = 4 * 1_024 * 1_024;
export const DEPTH_MAX = 25;

/** Undefined for an empty body. Failure 'bmc.protocol' for what is not JSON, or nests deeper than allowed. */
export const parseAnswer = (text: string, origin: string): JsonValue | undefined => {
  if (text.trim() === '') return undefined;
  if (depthOf(text) > DEPTH_MAX) {
    throw new Failure(
      'bmc.protocol',
      `The BMC at ${origin} answered JSON nested over ${DEPTH_MAX} deep`,
    );
  }
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // The parser's own message quotes the answer, which may hold what must not be stored.
    throw new Failure('bmc.protocol', `The BMC at ${origin} answered something that is not JSON`);
  }
};

/** Nesting depth without parsing: brackets outside of strings. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  return deepest;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The member of an object at `keys`; undefined where anything on the way is missing or no object. */
export const memberAt = (
  value: JsonValue | undefined,
  ...keys: string[]
): JsonValue | undefined => {
  let current: JsonValue | undefined = value;
  for (const key of keys) {
    if (!isJsonObject(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
};

export const objectAt = (
  value: JsonValue | undefined,
  ...keys: string[]
): JsonObject | undefined => {
  const found = memberAt(value, ...keys);
  return isJsonObject(found) ? found : undefined;
};

const TEXT_CHARACTERS_MAX = 255;

/** A short printable text, or undefined. Control characters never reach a terminal or a log. */
export const textAt = (value: JsonValue | undefined, ...keys: string[]): string | undefined => {
  const found = memberAt(value, ...keys);
  if (typeof found !== 'string') return undefined;
  const text = printable(found).trim().slice(0, TEXT_CHARACTERS_MAX);
  return text === '' ? undefined : text;
};

export const textsAt = (value: JsonValue | undefined, ...keys: string[]): readonly string[] => {
  const found = memberAt(value, ...keys);
  return Array.isArray(found) ? found.filter((each) => typeof each === 'string') : [];
};

export const printable = (text: string): string => text.replaceAll(/\p{C}+/gu, ' ');
