// One limit for many senders: each has a bucket that holds `burst` tokens and fills by `perMinute`. Memory is
// bounded: when there are too many buckets those that were used longest ago are forgotten, which are the fullest.

export type TokenBuckets = {
  /** Takes one token. 0 when there was one, else the time until there is. */
  readonly take: (key: string, nowMs: number) => number;
  /** The same answer without taking. */
  readonly waitMs: (key: string, nowMs: number) => number;
};

export type BucketLimit = {
  readonly perMinute: number;
  readonly burst: number;
  readonly keysMax?: number;
};

const MINUTE_MS = 60_000;
/** Some hundred bytes each. */
const KEYS_MAX = 10_000;

type Bucket = { readonly tokens: number; readonly atMs: number };

export const makeTokenBuckets = (limit: BucketLimit): TokenBuckets => {
  const { perMinute, burst, keysMax = KEYS_MAX } = limit;
  const perMs = perMinute / MINUTE_MS;
  const buckets = new Map<string, Bucket>();

  const tokensOf = (key: string, nowMs: number): number => {
    const known = buckets.get(key);
    return known === undefined
      ? burst
      : Math.min(burst, known.tokens + (nowMs - known.atMs) * perMs);
  };
  const waitFor = (tokens: number): number => (tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perMs));

  /** A tenth at once: one by one each would have to be searched behind all that were deleted before. */
  const forgetOldest = (): void => {
    let rest = Math.ceil(keysMax / 10);
    for (const oldest of buckets.keys()) {
      if (rest === 0) return;
      buckets.delete(oldest);
      rest -= 1;
    }
  };

  return {
    waitMs: (key, nowMs) => waitFor(tokensOf(key, nowMs)),
    take: (key, nowMs) => {
      const tokens = tokensOf(key, nowMs);
      const wait = waitFor(tokens);
      buckets.delete(key);
      buckets.set(key, { tokens: wait === 0 ? tokens - 1 : tokens, atMs: nowMs });
      if (buckets.size > keysMax) forgetOldest();
      return wait;
    },
  };
};
