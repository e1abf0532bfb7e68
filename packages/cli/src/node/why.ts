// `why NODE`: what the node waits for, since when, until when, on whom, and what a person can do.

import type { WhyReport } from '@bessemer/protocol/node/why-report';
import { renderFacts, type Facts, type Format } from '#output/format';
import { durationText } from '#output/quantity';
import type { Cell } from '#output/table';

import type { Clock } from '../clock.ts';
import type { Session } from '../session.ts';
import { fetchWhy, isUnderWay } from './why-report.ts';

export const why = async (
  session: Session,
  node: string,
  options: { readonly format: Format; readonly clock: Clock },
): Promise<string> =>
  renderFacts(whyFacts(await fetchWhy(session, node), options.clock.wallMs()), options.format);

export const whyFacts = (report: WhyReport, nowMs: number): Facts => {
  const state =
    report.targetProvisionState === null
      ? report.provisionState
      : `${report.provisionState} (on the way to ${report.targetProvisionState})`;
  const all: readonly (readonly [string, Cell])[] = [
    ['node', report.name === null ? report.node : `${report.name} (${report.node})`],
    ['state', state],
    [
      'runs',
      isUnderWay(report) ? [report.workflow, report.step].filter(isText).join(', ') : 'nothing',
    ],
    ['waits for', report.waitsFor],
    ['on', report.on],
    ['since', withDistance(report.since, nowMs)],
    ['until', withDistance(report.until, nowMs)],
    ['failed', report.failure === null ? null : `${report.failure.text} [${report.failure.code}]`],
    ['what to do', report.remedy],
  ];
  return { pairs: all.filter(([, value]) => isText(value)), data: report };
};

const isText = (value: Cell): value is string => typeof value === 'string' && value !== '';

/** `2026-11-21T12:00:00Z, 35.0 s ago`. */
const withDistance = (at: string | null, nowMs: number): string | null => {
  const atMs = at === null ? Number.NaN : Date.parse(at);
  if (at === null || !Number.isFinite(atMs)) return at;
  const distance = durationText(Math.abs(nowMs - atMs));
  return atMs <= nowMs ? `${at}, ${distance} ago` : `${at}, in ${distance}`;
};
