// Turns a request body into JSON, whatever its Content-Type says: clients are careless there. Depth is counted
// before parsing, so that a megabyte of brackets costs one pass and no stack.

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { GuardRefusal } from './error-envelope.ts';

export const BODY_BYTES_MAX = 1_024 * 1_024;
export const PROVISION_BODY_BYTES_MAX = 64 * 1_024 * 1_024;
export const INSPECTION_BODY_BYTES_MAX = 16 * 1_024 * 1_024;
const DEPTH_MAX = 25;

export type BodyOptions = {
  /** Sent by a ramdisk. Serial numbers are not always text, and agents in Python send what they read. */
  readonly isOfMachine: boolean;
};

/** Undefined for an empty body. Throws GuardRefusal or Refusal. */
export const readBody = (text: string, { isOfMachine }: BodyOptions): unknown => {
  if (text === '' || text.trim() === '') return undefined;
  if (depthOf(text) > DEPTH_MAX) {
    throw new GuardRefusal(400, `The nesting of the request body exceeds ${DEPTH_MAX} levels`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(400, 'The request body is not valid JSON');
  }
  if (text.length > DIGITS_MAX || EXPONENT_HINT.test(text)) refuseInfinite(value);
  if (!POISON_HINT.test(text)) return value;
  refusePoison(value);
  if (!isOfMachine) refuseHalves(value);
  return value;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Deepest nesting of `[` and `{` outside strings; stops counting one above the limit. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
      if (deepest > DEPTH_MAX) return deepest;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return deepest;
};

/** Index of the closing quote, by jumps of indexOf: strings are most of a large body. */
const endOfString = (text: string, open: number): number => {
  let end = text.indexOf('"', open + 1);
  while (end !== -1) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
};

/** Escapes may spell a key that plain search would miss. */
const POISON_HINT = /__proto__|constructor|\\u/;

/**
 * Refuses keys that, copied onto an object, would change what all objects are, and the one character that PostgreSQL
 * cannot store.
 */
const refusePoison = (value: unknown): void => {
  if (typeof value === 'string' && value.includes('\u0000')) {
    throw new Refusal(
      400,
      'The request body has a text with a null character, which is not allowed',
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    refusePoison(key);
    if (key === '__proto__' || (key === 'constructor' && hasPrototypeKey(each))) {
      throw new Refusal(400, `The request body has a key that is not allowed: ${key}`);
    }
    refusePoison(each);
  }
};

/** No number of fewer digits is too large, unless it has an exponent. */
const DIGITS_MAX = 308;
const EXPONENT_HINT = /[0-9]e\+?[0-9]{3}/i;

/** Such a number is read as infinity, and would be written as null. */
const refuseInfinite = (value: unknown): void => {
  if (value === Infinity || value === -Infinity) {
    throw new Refusal(400, 'The request body has a number that is too large');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const each of Object.values(value)) refuseInfinite(each);
};

/** Escapes can spell half a character. The store would keep another one in its place. */
const refuseHalves = (value: unknown): void => {
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new Refusal(400, 'The request body has a text that is not valid Unicode');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    refuseHalves(key);
    refuseHalves(each);
  }
};

const hasPrototypeKey = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
