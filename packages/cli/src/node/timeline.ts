// Turns journal lines into what `watch` prints. A step is open from its `started` line to its `ended` or `failed`
// line; one step is open at a time. Pure: the screen and the clock belong to the caller.

import type { JournalEntry } from '@bessemer/protocol/node/journal-entry';
import { durationText, sizeText } from '#output/quantity';

import { type Progress, progressOf, remarkOf } from './journal.ts';

export type OpenStep = {
  readonly entry: JournalEntry;
  readonly progress: Progress | undefined;
  /** What the step waits for, or empty. */
  readonly waitsFor: string;
};

export type Timeline = {
  readonly workflow: string | undefined;
  readonly open: OpenStep | undefined;
};

export const EMPTY_TIMELINE: Timeline = { workflow: undefined, open: undefined };

export type TimelineChange = {
  readonly timeline: Timeline;
  /** Lines that stay, also on a terminal. */
  readonly lines: readonly string[];
};

const NAME_WIDTH = 34;

const nameOf = (entry: JournalEntry): string =>
  entry.interface === '' ? entry.step : `${entry.interface}.${entry.step}`;

const lineOf = (entry: JournalEntry, ...words: readonly string[]): string =>
  [
    clockText(entry.at),
    nameOf(entry).padEnd(NAME_WIDTH),
    ...words.filter((word) => word !== ''),
  ].join('  ');

/** `12:01:33` of an ISO 8601 time. */
const clockText = (at: string): string => /T(\d\d:\d\d:\d\d)/.exec(at)?.[1] ?? at;

const elapsedText = (from: JournalEntry, to: JournalEntry): string => {
  const ms = Date.parse(to.at) - Date.parse(from.at);
  return Number.isFinite(ms) ? durationText(Math.max(0, ms)) : '';
};

export const applyEntry = (timeline: Timeline, entry: JournalEntry): TimelineChange => {
  const isNew = timeline.workflow !== entry.workflow;
  const head = isNew ? [`${entry.kind} (workflow ${entry.workflow})`] : [];
  const before: Timeline = isNew ? { workflow: entry.workflow, open: undefined } : timeline;
  const { timeline: after, lines } = applyWithin(before, entry);
  return { timeline: after, lines: [...head, ...lines] };
};

const applyWithin = (timeline: Timeline, entry: JournalEntry): TimelineChange => {
  const open = isSameStep(timeline.open, entry) ? timeline.open : undefined;
  const remark = remarkOf(entry);
  const { workflow } = timeline;
  switch (entry.event) {
    case 'started':
      // A step that goes on after a wait or a restart keeps the time of its first start.
      if (open !== undefined) return { timeline, lines: [] };
      return {
        timeline: { workflow, open: { entry, progress: undefined, waitsFor: '' } },
        lines: [],
      };
    case 'progress': {
      const base = open ?? { entry, progress: undefined, waitsFor: '' };
      const progress = progressOf(entry) ?? base.progress;
      return { timeline: { workflow, open: { ...base, progress } }, lines: [] };
    }
    case 'waiting': {
      const base = open ?? { entry, progress: undefined, waitsFor: '' };
      return { timeline: { workflow, open: { ...base, waitsFor: remark } }, lines: [] };
    }
    case 'woken':
      return {
        timeline: open === undefined ? timeline : { workflow, open: { ...open, waitsFor: '' } },
        lines: [],
      };
    case 'ended': {
      const took = open === undefined ? '' : elapsedText(open.entry, entry);
      return { timeline: { workflow, open: undefined }, lines: [lineOf(entry, 'done', took)] };
    }
    case 'failed': {
      const took = open === undefined ? '' : elapsedText(open.entry, entry);
      return {
        timeline: { workflow, open: undefined },
        lines: [lineOf(entry, 'FAILED', took, remark)],
      };
    }
    default:
      return {
        timeline,
        lines: remark === '' ? [] : [lineOf(entry, remark)],
      };
  }
};

const isSameStep = (open: OpenStep | undefined, entry: JournalEntry): boolean =>
  open !== undefined &&
  open.entry.step === entry.step &&
  open.entry.interface === entry.interface &&
  open.entry.stepIndex === entry.stepIndex;

/** What runs now, in one line: step, time so far, progress or what it waits for. */
export const openStepText = (open: OpenStep, nowMs: number): string => {
  const sinceMs = Date.parse(open.entry.at);
  const elapsed = Number.isFinite(sinceMs) ? durationText(Math.max(0, nowMs - sinceMs)) : '';
  const rest =
    open.progress === undefined
      ? open.waitsFor === ''
        ? ''
        : `waits: ${open.waitsFor}`
      : progressText(open.progress);
  return lineOf(open.entry, '...', elapsed, rest);
};

export const progressText = (progress: Progress): string => {
  const { doneBytes, totalBytes, bytesPerSecond, etaSeconds, phase } = progress;
  const parts = [phase];
  if (totalBytes !== undefined && totalBytes > 0) {
    parts.push(`${Math.min(100, Math.floor((doneBytes / totalBytes) * 100))} %`);
    parts.push(`${sizeText(doneBytes)} of ${sizeText(totalBytes)}`);
  } else parts.push(sizeText(doneBytes));
  if (bytesPerSecond !== undefined) parts.push(`${sizeText(Math.round(bytesPerSecond))}/s`);
  if (etaSeconds !== undefined) parts.push(`${Math.ceil(etaSeconds)} s left`);
  return parts.filter((part) => part !== '').join(', ');
};
