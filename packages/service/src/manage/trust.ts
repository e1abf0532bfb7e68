// `bessemer trust report`.

import { parseArgs } from 'node:util';

import { systemClock } from '#clock';
import { listSessionFacts } from '#store/session-counts';

import {
  type Command,
  DATA_OPTIONS,
  DATA_OPTIONS_HELP,
  UsageInvalid,
  withData,
} from './command.ts';
import { trustReport, trustReportLines } from './trust-report.ts';

export const TRUST_USAGE = `usage: bessemer trust report --data DIR [--json]

Sessions by trust level, agents that prove less than ours, options that have no effect or lower what is proved, and
from where lookups are reached. Give --config and --set as to "bessemer serve": they are what is reported on.

${DATA_OPTIONS_HELP}`;

const SEEN_MS = 30 * 24 * 3_600_000;

export const trust: Command = async (args, print) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...DATA_OPTIONS, json: { type: 'boolean', default: false } },
  });
  if (positionals.length !== 1 || positionals[0] !== 'report') {
    throw new UsageInvalid('expected "report"');
  }
  return withData(values, async ({ settings, store }) => {
    const sessions = await listSessionFacts(store.db, systemClock.wallMs() - SEEN_MS);
    const report = trustReport(settings, sessions);
    if (values.json) print(JSON.stringify(report));
    else for (const line of trustReportLines(report)) print(line);
    return 0;
  });
};
