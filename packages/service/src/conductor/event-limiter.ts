// Somebody who is refused a thousand times a second must not fill the audit log: of equal events one a minute is
// written, and the next one tells how many were left out. Bounded: under a flood from many addresses the addresses
// are no longer told apart.

export type EventLimiter = {
  /** How many equal events were left out since the last that was written; undefined: leave this one out too. */
  readonly admit: (kind: string, who: string, nowMs: number) => number | undefined;
};

const QUIET_MS = 60_000;
/** Rows a minute that strangers can cause at most, for events of which each has another sender. */
const KEYS_MAX = 1_000;

type Seen = { readonly sinceMs: number; suppressed: number };

export const makeEventLimiter = (): EventLimiter => {
  const seen = new Map<string, Seen>();

  /** The oldest come first: a key that is written again is put at the end. What it left out is told no more. */
  const forgetOld = (nowMs: number): void => {
    for (const [key, each] of seen) {
      if (nowMs - each.sinceMs < QUIET_MS) return;
      if (each.suppressed === 0 || nowMs - each.sinceMs >= 2 * QUIET_MS) seen.delete(key);
    }
  };

  return {
    admit: (kind, who, nowMs) => {
      const own = `${kind} ${who}`;
      if (!seen.has(own) && seen.size >= KEYS_MAX) forgetOld(nowMs);
      const key = seen.has(own) || seen.size < KEYS_MAX ? own : kind;
      const known = seen.get(key);
      if (known !== undefined && nowMs - known.sinceMs < QUIET_MS) {
        known.suppressed += 1;
        return undefined;
      }
      seen.delete(key);
      seen.set(key, { sinceMs: nowMs, suppressed: 0 });
      return known?.suppressed ?? 0;
    },
  };
};
