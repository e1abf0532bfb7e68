// One line of a node's journal, as the service sends it.

import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { JournalEntry } from '@bessemer/protocol/node/journal-entry';

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
const numberOf = (value: JsonValue | undefined): number => (typeof value === 'number' ? value : 0);

/** undefined: not a journal line. Unknown fields are left out, missing ones are empty: services differ in age. */
export const asJournalEntry = (value: unknown): JournalEntry | undefined => {
  if (!isJsonObject(value) || typeof value['seq'] !== 'number') return undefined;
  return {
    seq: value['seq'],
    at: textOf(value['at']),
    workflow: textOf(value['workflow']),
    kind: textOf(value['kind']),
    stepIndex: numberOf(value['stepIndex']),
    step: textOf(value['step']),
    interface: textOf(value['interface']),
    event: textOf(value['event']),
    detail: isJsonObject(value['detail']) ? value['detail'] : {},
  };
};

export const asJournalEntries = (answer: JsonValue | undefined): readonly JournalEntry[] => {
  const entries = isJsonObject(answer) ? answer['entries'] : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.map(asJournalEntry).filter((entry) => entry !== undefined);
};

export type Progress = {
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly etaSeconds: number | undefined;
};

const optional = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

export const progressOf = (entry: JournalEntry): Progress | undefined => {
  const { progress } = entry.detail;
  const source = isJsonObject(progress) ? progress : entry.detail;
  const doneBytes = optional(source['doneBytes']);
  if (entry.event !== 'progress' || doneBytes === undefined) return undefined;
  return {
    phase: textOf(source['phase']),
    doneBytes,
    totalBytes: optional(source['totalBytes']),
    bytesPerSecond: optional(source['bytesPerSecond']),
    etaSeconds: optional(source['etaSeconds']),
  };
};

/** What an entry says beyond its event, in one line: the failure, what is waited for, a note. */
export const remarkOf = (entry: JournalEntry): string => {
  const { failure } = entry.detail;
  const source = isJsonObject(failure) ? failure : entry.detail;
  for (const key of ['text', 'waitsFor', 'for', 'reason', 'note', 'summary', 'outcome']) {
    const text = textOf(source[key]);
    if (text !== '') return text.replaceAll(/\s+/g, ' ');
  }
  return '';
};
