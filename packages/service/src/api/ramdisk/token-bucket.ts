// One limit for many senders: each has a bucket that holds `burst` tokens and fills by `perMinute`. Memory is
// bounded: when there are too many buckets those that were used longest ago are forgotten, which are the fullest.

export type TokenBuckets = {
  /** Takes one token. 0 when there was one, else the time until there is. */
  readonly take: (key: string, nowMs: number) => number;
  /** The same answer without taking. */
  readonly waitMs: (key: string, nowMs: number) => number;
  /** Whether nothing was taken for some time. */
  readonly isFull: (key: string, nowMs: number) => boolean;
};

export type BucketLimit = {
  readonly perMinute: number;
  readonly burst: number;
  readonly keysMax?: number;
};

const MINUTE_MS = 60_000;
/** Some hundred bytes each. */
const KEYS_MAX = 10_000;

/** `level`: tokens times a minute, so that it stays whole and a wait that was told is exactly enough. */
type Bucket = { readonly level: number; readonly atMs: number };

export const makeTokenBuckets = (limit: BucketLimit): TokenBuckets => {
  const { perMinute, burst, keysMax = KEYS_MAX } = limit;
  const buckets = new Map<string, Bucket>();

  const levelMax = burst * MINUTE_MS;

  const levelOf = (key: string, nowMs: number): number => {
    const known = buckets.get(key);
    return known === undefined
      ? levelMax
      : Math.min(levelMax, known.level + (nowMs - known.atMs) * perMinute);
  };
  const waitFor = (level: number): number =>
    level >= MINUTE_MS ? 0 : Math.ceil((MINUTE_MS - level) / perMinute);

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
    waitMs: (key, nowMs) => waitFor(levelOf(key, nowMs)),
    isFull: (key, nowMs) => levelOf(key, nowMs) === levelMax,
    take: (key, nowMs) => {
      const level = levelOf(key, nowMs);
      const wait = waitFor(level);
      buckets.delete(key);
      buckets.set(key, { level: wait === 0 ? level - MINUTE_MS : level, atMs: nowMs });
      if (buckets.size > keysMax) forgetOldest();
      return wait;
    },
  };
};
