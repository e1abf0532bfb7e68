// `./bessemer drill`: attacks the running product, and says whether it held.

import { parseArgs } from 'node:util';

import { LabFailure } from '../lab-failure.ts';
import { DRILLS } from './catalog.ts';
import type { Drill, DrillResult } from './drill.ts';
import { renderResult, renderSummary } from './report.ts';
import { runDrill } from './run-drills.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { standingStage, type StandingWish } from './stage/standing-product.ts';

const USAGE = `usage: bessemer drill [NAME ...] [--list] [--json]

Starts a service and machines of its own, on loopback, and attacks them. For each attack it prints what was tried,
what refusal was expected, what was seen, and whether the product held. Nothing outside of it is touched.

  NAME      only these drills (default: all)
  --list    names, threat numbers and attempts; attacks nothing
  --json    results as JSON
  --service URL --data DIR --agent URL --boot URL [--netboot URL]
            attack a service that runs already, by its public API, its data directory (for the account and the authority)
            and its other listeners: only with drills that need no machines. They change nothing there but the audit log
  --set section.key=value
            a setting of the service that is attacked; may be repeated. With a defence switched off a drill must say so:
            drill boot-file-of-another --set netboot.source_check=off

Ends with 0 when all held, with 1 when one did not or could not be staged.
`;

const INTERRUPTED_STATUS = 130;

const chosen = (names: readonly string[]): readonly Drill[] => {
  for (const name of names) {
    if (!DRILLS.some((drill) => drill.name === name)) {
      throw new LabFailure(`there is no drill ${name}; see \`./bessemer drill --list\``);
    }
  }
  return names.length === 0 ? DRILLS : DRILLS.filter(({ name }) => names.includes(name));
};

const list = (drills: readonly Drill[]): string =>
  drills
    .map(
      ({ name, threats, attempt }) =>
        `${name.padEnd(28)}${threats.join(' ').padEnd(16)}${attempt}\n`,
    )
    .join('');

type Values = { readonly [option: string]: unknown };

/** Undefined: a service of our own. */
const standingWish = (values: Values): StandingWish | undefined => {
  const { service: url, data, agent: agentUrl, boot: bootUrl, netboot: netbootUrl = '' } = values;
  if (url === undefined) return undefined;
  const isWhole = [url, data, agentUrl, bootUrl, netbootUrl].every(
    (each) => typeof each === 'string',
  );
  if (!isWhole) throw new LabFailure('--service needs --data, --agent and --boot too');
  return { url, data, agentUrl, bootUrl, netbootUrl } as StandingWish;
};

const attack = async (drills: readonly Drill[], stage: Stage, isJson: boolean): Promise<number> => {
  const leave = (): void => {
    void stage.close().then(() => process.exit(INTERRUPTED_STATUS));
  };
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  const results: DrillResult[] = [];
  try {
    for (const drill of drills) {
      const result = await runDrill(drill, stage);
      results.push(result);
      if (!isJson) process.stdout.write(`${renderResult(result)}\n`);
    }
  } finally {
    await stage.close();
  }
  const text = isJson ? JSON.stringify({ drills: results }, null, 2) : renderSummary(results);
  process.stdout.write(`${text}\n`);
  return results.every(({ verdict }) => verdict === 'held') ? 0 : 1;
};

const run = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      set: { type: 'string', multiple: true, default: [] },
      service: { type: 'string' },
      data: { type: 'string' },
      agent: { type: 'string' },
      boot: { type: 'string' },
      netboot: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const standing = standingWish(values);
  const isPossible = (drill: Drill): boolean =>
    standing === undefined || positionals.length > 0 || drill.needs === 'a service';
  const drills = chosen(positionals).filter(isPossible);
  if (!values.list) {
    const stage = standing === undefined ? await openStage(values.set) : standingStage(standing);
    return attack(drills, stage, values.json);
  }
  const names = drills.map(({ name, threats, attempt, expected }) => ({
    name,
    threats,
    attempt,
    expected,
  }));
  process.stdout.write(
    values.json ? `${JSON.stringify({ drills: names }, null, 2)}\n` : list(drills),
  );
  return 0;
};

const isUsageError = (error: unknown): error is Error =>
  error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

run().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    if (!(error instanceof LabFailure) && !isUsageError(error)) throw error;
    process.stderr.write(`drill: ${error.message}\n`);
    process.exitCode = 2;
  },
);
