// Asks agents that must not call whether they are still there. The load is even: of those who are due only as many
// are asked in one round as belong to it, so that a restart of the service is not followed by a burst, and each has
// an interval of its own that varies a little. Bounded in connections; an agent that does not answer is asked again
// soon at first, then less often.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '#clock';
import type { Log } from '#observe/log';
import type { ConductorIdentity } from '#trust/certificate/conductor-identity';

import { jittered } from './jitter.ts';
import { pollAgent } from './poll-agent.ts';
import type { PollSink, PollSource, PollTarget } from './poll-target.ts';

export type PollerParts = {
  readonly source: PollSource;
  readonly sink: PollSink;
  readonly identity: ConductorIdentity | undefined;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly options: { readonly intervalMs: number; readonly pollsAtOnce?: number };
};

export type SweepReport = { readonly asked: number; readonly failed: number };

export type Poller = {
  /** Asks everybody who was last seen at `seenUntilMs` or before and is not to be left alone, at most `limit`. */
  readonly sweep: (wish: {
    readonly seenUntilMs: number;
    readonly limit: number;
  }) => Promise<SweepReport>;
  readonly start: () => void;
  /** Resolves when no poll is under way any more. */
  readonly stop: () => Promise<void>;
};

/** Enough that some that hang do not hold up the others; each is a socket and a handshake's memory. */
export const POLLS_AT_ONCE = 32;
const PAGE_ROWS = 200;
/** Answers are told together: a commit for each would cost more than the poll. */
const SEEN_AT_ONCE = 64;
const SEEN_MS_MAX = 200;
const ROUNDS_PER_INTERVAL = 20;
const ROUND_MS_MIN = 250;
const ROUND_MS_MAX = 5_000;
/** How much more than its share a round may take, to make good for a pause. */
const CATCH_UP = 1.5;
/** A poll comes up to this share of the interval early. */
const EARLY = 0.1;
const RETRY_MS = 10_000;
const RETRY_DOUBLINGS_MAX = 6;
/** Nobody is remembered for longer than so many intervals. */
const FORGET_INTERVALS = 10;

type Silence = { readonly inARow: number; readonly askAgainMs: number };

export const makePoller = (parts: PollerParts): Poller => {
  const { source, sink, clock, options } = parts;
  const { intervalMs, pollsAtOnce = POLLS_AT_ONCE } = options;
  const silent = new Map<string, Silence>();
  const asking = new Set<string>();
  const stopping = new AbortController();
  let cancel: (() => void) | undefined;
  const answered: PollTarget[] = [];
  let telling: Promise<unknown> = Promise.resolve();
  let cancelTelling: (() => void) | undefined;
  let round: Promise<unknown> = Promise.resolve();

  const noteFailure = async (target: PollTarget, error: unknown): Promise<void> => {
    if (!(error instanceof Failure)) throw error;
    const inARow = (silent.get(target.id)?.inARow ?? 0) + 1;
    const retryMs = RETRY_MS * 2 ** Math.min(RETRY_DOUBLINGS_MAX, inARow - 1);
    const askAgainMs = clock.wallMs() + jittered(Math.min(intervalMs, retryMs), EARLY);
    silent.set(target.id, { inARow, askAgainMs });
    await sink.failed(target, error, inARow);
  };

  const tellSeen = (): void => {
    cancelTelling?.();
    cancelTelling = undefined;
    const together = answered.splice(0);
    telling = Promise.all([telling, ...together.map(sink.seen)]);
    // Whoever sweeps waits for it; nobody else is there to hear of a store that takes no write.
    telling.catch(() => undefined);
  };

  const noteSeen = (target: PollTarget): void => {
    answered.push(target);
    if (answered.length >= SEEN_AT_ONCE) tellSeen();
    else cancelTelling ??= clock.after(SEEN_MS_MAX, tellSeen);
  };

  /** False when it did not answer as it should. */
  const ask = async (target: PollTarget): Promise<boolean> => {
    asking.add(target.id);
    try {
      const found = await pollAgent(target, parts);
      silent.delete(target.id);
      if (found === 'alive') noteSeen(target);
      else await sink.restarted(target);
      return true;
    } catch (error) {
      await noteFailure(target, error);
      return false;
    } finally {
      asking.delete(target.id);
    }
  };

  const isDue = (target: PollTarget): boolean => {
    if (asking.has(target.id)) return false;
    const known = silent.get(target.id);
    return known === undefined || known.askAgainMs <= clock.wallMs();
  };

  async function* listDue(seenUntilMs: number): AsyncGenerator<PollTarget> {
    let after: PollTarget | undefined;
    for (;;) {
      const page = await source.list({ seenUntilMs, after, limit: PAGE_ROWS });
      yield* page.filter(isDue);
      after = page.at(-1);
      if (after === undefined || page.length < PAGE_ROWS) return;
    }
  }

  const sweep: Poller['sweep'] = async ({ seenUntilMs, limit }) => {
    const due = listDue(seenUntilMs);
    let asked = 0;
    let failed = 0;
    const worker = async (): Promise<void> => {
      while (asked < limit && !stopping.signal.aborted) {
        asked += 1;
        const { value: target, done } = await due.next();
        if (done === true) {
          asked -= 1;
          return;
        }
        if (!(await ask(target))) failed += 1;
      }
    };
    await Promise.all(Array.from({ length: Math.min(pollsAtOnce, limit) }, worker));
    tellSeen();
    const told = telling;
    telling = Promise.resolve();
    await told;
    return { asked, failed };
  };

  const forgetOld = (): void => {
    const oldestMs = clock.wallMs() - FORGET_INTERVALS * intervalMs;
    for (const [id, { askAgainMs }] of silent) if (askAgainMs < oldestMs) silent.delete(id);
  };

  const roundMs = Math.min(
    ROUND_MS_MAX,
    Math.max(ROUND_MS_MIN, Math.round(intervalMs / ROUNDS_PER_INTERVAL)),
  );

  const runRound = async (): Promise<void> => {
    forgetOld();
    const share = ((await source.count()) * roundMs) / intervalMs;
    await sweep({
      seenUntilMs: clock.wallMs() - jittered(intervalMs * (1 - EARLY), EARLY),
      limit: Math.ceil(share * CATCH_UP) + 1,
    });
  };

  const arm = (): void => {
    if (stopping.signal.aborted) return;
    cancel = clock.after(roundMs, () => {
      round = runRound()
        .catch((error: unknown) => parts.log.warn({ err: error }, 'agents could not be polled'))
        .finally(arm);
    });
  };

  return {
    sweep,
    start: arm,
    stop: async () => {
      stopping.abort();
      cancel?.();
      await round;
    },
  };
};
