// What is known about tokens, by their SHA-256: good ones until they end or must be asked for again, bad ones for a
// moment. Questions about one token at the same time are one question.

import { createHash } from 'node:crypto';

import type { Clock } from '#clock';

import type { TokenFacts } from './token-facts.ts';

export type TokenCacheOptions = {
  /** `[keystone_authtoken] token_cache_time`. */
  readonly goodMs: number;
  /** So long a new token that Keystone's other servers do not know yet is refused; strangers cost a question each. */
  readonly badMs: number;
  /** Oldest are forgotten first. */
  readonly goodMax: number;
  readonly badMax: number;
  /** Questions under way; more are refused. */
  readonly waitingMax: number;
};

export const DEFAULT_TOKEN_CACHE: TokenCacheOptions = {
  goodMs: 300_000,
  badMs: 10_000,
  goodMax: 10_000,
  badMax: 10_000,
  waitingMax: 256,
};

/** More questions are under way than may be. */
export class TooManyQuestions extends Error {}

export type TokenCache = {
  /** At once, when it is known: the facts, or null for a token that is bad. */
  readonly find: (key: string) => TokenFacts | null | undefined;
  /** Remembers the answer; undefined for a bad token. Throws TooManyQuestions, and what `ask` throws. */
  readonly ask: (
    key: string,
    ask: () => Promise<TokenFacts | undefined>,
  ) => Promise<TokenFacts | undefined>;
};

/** Tokens themselves are never kept. An expired one that a service vouches for is another question. */
export const tokenKey = (token: string, isExpiredAllowed: boolean): string =>
  createHash('sha256').update(token).digest('base64') + (isExpiredAllowed ? ' expired' : '');

type Kept<T> = { readonly value: T; readonly untilMs: number };

const keep = <T>(kept: Map<string, Kept<T>>, key: string, entry: Kept<T>, countMax: number) => {
  kept.delete(key);
  if (kept.size >= countMax) {
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }
  kept.set(key, entry);
};

export const makeTokenCache = (
  options: TokenCacheOptions,
  clock: Pick<Clock, 'monotonicMs'>,
): TokenCache => {
  // Apart, so that strangers cannot make the good ones be forgotten.
  const good = new Map<string, Kept<TokenFacts>>();
  const bad = new Map<string, Kept<null>>();
  const waiting = new Map<string, Promise<TokenFacts | undefined>>();

  const findIn = <T>(kept: Map<string, Kept<T>>, key: string): T | undefined => {
    const found = kept.get(key);
    if (found === undefined) return undefined;
    if (found.untilMs > clock.monotonicMs()) return found.value;
    kept.delete(key);
    return undefined;
  };

  const remember = (key: string, facts: TokenFacts | undefined): void => {
    const nowMs = clock.monotonicMs();
    if (facts === undefined) {
      keep(bad, key, { value: null, untilMs: nowMs + options.badMs }, options.badMax);
    } else if (options.goodMs > 0) {
      keep(good, key, { value: facts, untilMs: nowMs + options.goodMs }, options.goodMax);
    }
  };

  return {
    find: (key) => findIn(good, key) ?? findIn(bad, key),
    ask: async (key, ask) => {
      const known = waiting.get(key);
      if (known !== undefined) return known;
      if (waiting.size >= options.waitingMax) throw new TooManyQuestions();
      const mine = ask().finally(() => waiting.delete(key));
      waiting.set(key, mine);
      const facts = await mine;
      remember(key, facts);
      return facts;
    },
  };
};
