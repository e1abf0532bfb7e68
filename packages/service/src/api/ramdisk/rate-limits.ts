// How often ramdisks may call. Each limit is for one sender, so that whoever floods is slowed down and nobody else:
// a node's heartbeats and lookups are counted by node and source, or a stranger could use up what the agent needs.

import { isOwnHost, plainSource, sourceKey } from './source-key.ts';
import { makeTokenBuckets } from './token-bucket.ts';

export type RateLimitOptions = {
  readonly lookupsPerSourceMinute: number;
  readonly lookupsPerSourceBurst: number;
  readonly lookupsPerNodeMinute: number;
  /** Lookups answered 404 to one source in ten minutes. */
  readonly lookupDenialsMax: number;
  /** Of all machines together. */
  readonly lookupsPerSecond: number;
  readonly heartbeatsPerNodeMinute: number;
  readonly heartbeatsPerNodeBurst: number;
  readonly wrongTokensPerMinute: number;
};

export const DEFAULT_RATE_LIMIT_OPTIONS: RateLimitOptions = {
  lookupsPerSourceMinute: 10,
  lookupsPerSourceBurst: 20,
  lookupsPerNodeMinute: 6,
  lookupDenialsMax: 30,
  lookupsPerSecond: 200,
  heartbeatsPerNodeMinute: 30,
  heartbeatsPerNodeBurst: 5,
  wrongTokensPerMinute: 10,
};

const MINUTE_MS = 60_000;
const SHUN_MS = 10 * MINUTE_MS;
const SHUNNED_MAX = 10_000;

export type LimitVerdict = {
  readonly status: 429 | 503;
  readonly retryAfterSeconds: number;
  /** Not told more than once a minute for one sender. */
  readonly isNews: boolean;
};

/** Undefined: within the limits. Times are monotonic. */
export type RateLimits = {
  readonly admitLookup: (source: string, nowMs: number) => LimitVerdict | undefined;
  /** `what`: the node, or the MACs that are asked for. */
  readonly admitLookupOf: (what: string, source: string, nowMs: number) => LimitVerdict | undefined;
  /** True when this denial was the one too many, and the source is shunned from now on. */
  readonly noteDenial: (source: string, nowMs: number) => boolean;
  readonly admitHeartbeat: (
    node: string,
    source: string,
    nowMs: number,
  ) => LimitVerdict | undefined;
  /** True when this was the last that is answered for some time. */
  readonly noteWrongToken: (node: string, source: string, nowMs: number) => boolean;
};

export const makeRateLimits = (options: RateLimitOptions): RateLimits => {
  const bySource = makeTokenBuckets({
    perMinute: options.lookupsPerSourceMinute,
    burst: options.lookupsPerSourceBurst,
  });
  const byNode = makeTokenBuckets({
    perMinute: options.lookupsPerNodeMinute,
    burst: options.lookupsPerNodeMinute,
  });
  const all = makeTokenBuckets({
    perMinute: options.lookupsPerSecond * 60,
    burst: options.lookupsPerSecond,
  });
  const denials = makeTokenBuckets({
    perMinute: options.lookupDenialsMax / 10,
    burst: options.lookupDenialsMax,
  });
  const heartbeats = makeTokenBuckets({
    perMinute: options.heartbeatsPerNodeMinute,
    burst: options.heartbeatsPerNodeBurst,
  });
  const wrongTokens = makeTokenBuckets({
    perMinute: options.wrongTokensPerMinute,
    burst: options.wrongTokensPerMinute,
  });
  const news = makeTokenBuckets({ perMinute: 1, burst: 1 });
  const shunnedUntilMs = new Map<string, number>();

  const limited = (
    status: LimitVerdict['status'],
    waitMs: number,
    who: string,
    nowMs: number,
  ): LimitVerdict | undefined =>
    waitMs <= 0
      ? undefined
      : {
          status,
          retryAfterSeconds: Math.ceil(waitMs / 1_000),
          isNews: news.take(`${status} ${who}`, nowMs) === 0,
        };

  const shunWaitMs = (source: string, nowMs: number): number => {
    const untilMs = shunnedUntilMs.get(source) ?? 0;
    if (untilMs <= nowMs) shunnedUntilMs.delete(source);
    return untilMs - nowMs;
  };

  return {
    admitLookup: (address, nowMs) => {
      const source = sourceKey(address);
      if (!isOwnHost(plainSource(address))) {
        const refused =
          limited(429, shunWaitMs(source, nowMs), source, nowMs) ??
          limited(429, bySource.take(source, nowMs), source, nowMs);
        if (refused !== undefined) return refused;
      }
      return limited(503, all.take('', nowMs), '', nowMs);
    },
    admitLookupOf: (what, address, nowMs) => {
      const who = `${what} ${sourceKey(address)}`;
      return limited(429, byNode.take(who, nowMs), who, nowMs);
    },
    noteDenial: (address, nowMs) => {
      const source = sourceKey(address);
      if (isOwnHost(plainSource(address)) || shunWaitMs(source, nowMs) > 0) return false;
      denials.take(source, nowMs);
      if (denials.waitMs(source, nowMs) === 0) return false;
      for (const oldest of shunnedUntilMs.keys()) {
        if (shunnedUntilMs.size < SHUNNED_MAX) break;
        shunnedUntilMs.delete(oldest);
      }
      shunnedUntilMs.set(source, nowMs + SHUN_MS);
      return true;
    },
    admitHeartbeat: (node, address, nowMs) => {
      const who = `${node} ${sourceKey(address)}`;
      return (
        limited(429, wrongTokens.waitMs(who, nowMs), who, nowMs) ??
        limited(429, heartbeats.take(who, nowMs), who, nowMs)
      );
    },
    noteWrongToken: (node, address, nowMs) => {
      const who = `${node} ${sourceKey(address)}`;
      return wrongTokens.take(who, nowMs) === 0 && wrongTokens.waitMs(who, nowMs) > 0;
    },
  };
};
