// Arguments of a request, read strictly: what is not known is refused, and so is what has the wrong form.

import type { FastifyRequest } from 'fastify';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { type Feature, offers } from '@bessemer/protocol/microversion/features';
import { isUuid } from '@bessemer/protocol/uuid';

import { notAcceptable } from './error-envelope.ts';

export type Query = { readonly [name: string]: string | undefined };

/** The query string as single texts; the last of several equal names counts. */
export const readQuery = (request: FastifyRequest, allowed: readonly string[]): Query => {
  const query: { [name: string]: string } = {};
  const unexpected: string[] = [];
  for (const [name, value] of Object.entries(request.query as { [name: string]: unknown })) {
    const text = String(Array.isArray(value) ? value.at(-1) : value);
    if (!allowed.includes(name)) unexpected.push(name);
    else if (text.includes('\0')) throw new Refusal(400, `${name} has a NUL character`);
    else query[name] = text;
  }
  refuseUnexpected(unexpected);
  return query;
};

/** Arguments of the older PUT calls, which may come in the body or in the query; the body wins. */
export const readArguments = (request: FastifyRequest, allowed: readonly string[]): JsonObject => {
  const { body } = request;
  if (body !== undefined && body !== null && !isJsonObject(body)) {
    throw new Refusal(400, 'The request body must be a JSON object');
  }
  const named: JsonObject = { ...(request.query as { [name: string]: string }), ...body };
  refuseUnexpected(Object.keys(named).filter((name) => !allowed.includes(name)));
  return named;
};

export const requireObjectBody = (request: FastifyRequest): JsonObject => {
  if (!isJsonObject(request.body)) {
    throw new Refusal(400, 'The request body must be a JSON object');
  }
  return request.body;
};

const NAMES_SHOWN_MAX = 20;

const refuseUnexpected = (names: readonly string[]): void => {
  if (names.length === 0) return;
  throw new Refusal(400, `Unexpected arguments: ${names.slice(0, NAMES_SHOWN_MAX).join(', ')}`);
};

/** An argument that exists only from a version on: 406 below. */
export const requireFeature = (request: FastifyRequest, feature: Feature): void => {
  if (!offers(request.minor, feature)) throw notAcceptable();
};

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'on', 'y', 'yes']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['0', 'f', 'false', 'off', 'n', 'no']);

/** True, false, or the words that clients use for them, in any case. */
export const asFlag = (name: string, value: JsonValue | undefined): boolean | undefined => {
  if (value === undefined || typeof value === 'boolean') return value;
  const word =
    typeof value === 'string' || typeof value === 'number' ? String(value).toLowerCase() : '';
  if (TRUE_WORDS.has(word)) return true;
  if (FALSE_WORDS.has(word)) return false;
  throw new Refusal(
    400,
    `Invalid input for field/attribute ${name}. Value: '${shown(value)}'. Unrecognized value, ` +
      `acceptable values are: '0', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'`,
  );
};

/** Comma-separated, trimmed, lower-cased, without repetitions. */
export const asList = (value: string | undefined): readonly string[] | undefined => {
  if (value === undefined) return undefined;
  const parts = value.split(',').map((part) => part.trim().toLowerCase());
  return [...new Set(parts.filter((part) => part !== ''))];
};

export const readCount = (query: Query, name: string): number | undefined => {
  const text = query[name];
  if (text === undefined) return undefined;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new Refusal(400, `Expected a number for ${name}: ${text.slice(0, 100)}`);
};

/** The text that a body has under `name`, or nothing when it is absent or null. Throws Refusal(400). */
export const asText = (name: string, value: JsonValue | undefined): string | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new Refusal(400, `Expected string for ${name}: ${shown(value)}`);
};

export const asUuid = (name: string, value: string | undefined): string | undefined => {
  if (value === undefined) return undefined;
  if (isUuid(value)) return value.toLowerCase();
  throw new Refusal(400, `Expected UUID for ${name}: ${value.slice(0, 100)}`);
};

export const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'None');
  return text.slice(0, 200);
};

/** For values that may be or hold a secret: what they are, not what they say. */
export const shownKind = (value: unknown): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
};
