// `watch NODE`: the journal as it grows. Begins with the workflow that runs, or the last one if none does; ends when
// the node rests, with the outcome as exit code. `follow` never ends.

import type { JournalEntry } from '@bessemer/protocol/node/journal-entry';
import type { WhyReport } from '@bessemer/protocol/node/why-report';
import { isJsonObject } from '@bessemer/protocol/json';

import { EXIT_CODES } from '../cli-failure.ts';
import type { Clock } from '../clock.ts';
import type { Screen } from '#output/screen';
import type { Session } from '../session.ts';
import { followJournal } from './event-stream.ts';
import { asJournalEntries } from './journal.ts';
import { applyEntry, EMPTY_TIMELINE, openStepText, type Timeline } from './timeline.ts';
import { fetchWhy, isFailed, isUnderWay } from './why-report.ts';

export type WatchOptions = {
  readonly isFollowing: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Begin after this journal line instead of with the workflow that runs or ran last. */
  readonly afterSeq?: number;
};

/** The live line moves, and the end is noticed, this often. */
const LOOK_MS = 500;
const PAGE_ENTRIES_MAX = 1000;

export const watch = async (
  session: Session,
  node: string,
  screen: Screen,
  options: WatchOptions,
): Promise<number> => {
  const report = await watchUntilRest(session, node, screen, options);
  if (options.signal.aborted) return EXIT_CODES.interrupted;
  screen.line(endText(report));
  return isFailed(report) ? EXIT_CODES.failed : EXIT_CODES.ok;
};

/** Shows the journal until the node rests, or the signal is aborted. */
export const watchUntilRest = async (
  session: Session,
  node: string,
  screen: Screen,
  options: WatchOptions,
): Promise<WhyReport> => {
  const past = options.afterSeq === undefined ? await lastWorkflow(session, node) : [];
  const view = makeView(screen, options.clock, options.afterSeq ?? 0);
  for (const entry of past) view.show(entry);
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const afterSeq = past.at(-1)?.seq ?? options.afterSeq ?? 0;
  const following = readInto(view, followJournal(session, node, { ...options, afterSeq, signal }));
  // A stream that breaks for good must end the loop below, and its error is thrown after it.
  const broken = following.catch(() => ending.abort());
  let report = await fetchWhy(session, node);
  while (!signal.aborted && (options.isFollowing || isUnderWay(report))) {
    await options.clock.pause(LOOK_MS, signal);
    if (signal.aborted) break;
    view.tick();
    if (!options.isFollowing) report = await fetchWhy(session, node);
  }
  if (!ending.signal.aborted) {
    await drain(session, node, view);
    ending.abort();
    await broken;
  } else await following;
  view.end();
  return report;
};

/** The number of the last journal line of a node; 0 when there is none. */
export const lastJournalSeq = async (session: Session, node: string): Promise<number> =>
  (await lastWorkflow(session, node)).at(-1)?.seq ?? 0;

const endText = (report: WhyReport): string => {
  const name = report.name ?? report.node;
  if (!isFailed(report)) return `${name} is ${report.provisionState}`;
  const cause = report.failure === null ? '' : `: ${report.failure.text} [${report.failure.code}]`;
  const remedy = report.remedy === null ? '' : `\n${report.remedy}`;
  return `${name} is in ${report.provisionState}${cause}${remedy}`;
};

type View = {
  readonly show: (entry: JournalEntry) => void;
  readonly tick: () => void;
  readonly end: () => void;
  readonly lastSeq: () => number;
};

const makeView = (screen: Screen, clock: Clock, afterSeq: number): View => {
  let timeline: Timeline = EMPTY_TIMELINE;
  let seq = afterSeq;
  const tick = (): void => {
    if (timeline.open === undefined) screen.live(undefined);
    else screen.live(openStepText(timeline.open, clock.wallMs()));
  };
  return {
    show: (entry) => {
      if (entry.seq <= seq) return;
      seq = entry.seq;
      const change = applyEntry(timeline, entry);
      timeline = change.timeline;
      for (const line of change.lines) screen.line(line);
      tick();
    },
    tick,
    end: () => screen.live(undefined),
    lastSeq: () => seq,
  };
};

const readInto = async (view: View, entries: AsyncIterable<JournalEntry>): Promise<void> => {
  for await (const entry of entries) view.show(entry);
};

/** What was written between the last event that came and the end of the workflow. */
const drain = async (session: Session, node: string, view: View): Promise<void> => {
  for (const entry of await fetchJournal(session, node, view.lastSeq())) view.show(entry);
};

const fetchJournal = async (
  session: Session,
  node: string,
  afterSeq: number,
): Promise<readonly JournalEntry[]> => {
  const path = `/bessemer/nodes/${encodeURIComponent(node)}/journal`;
  const answer = await session.call('GET', `${path}?after=${afterSeq}&limit=${PAGE_ENTRIES_MAX}`);
  return isJsonObject(answer) ? asJournalEntries(answer) : [];
};

const lastWorkflow = async (session: Session, node: string): Promise<readonly JournalEntry[]> => {
  let kept: readonly JournalEntry[] = [];
  for (;;) {
    const page = await fetchJournal(session, node, kept.at(-1)?.seq ?? 0);
    const workflow = page.at(-1)?.workflow ?? kept.at(-1)?.workflow;
    kept = [...kept, ...page].filter((entry) => entry.workflow === workflow);
    if (page.length < PAGE_ENTRIES_MAX) return kept;
  }
};
