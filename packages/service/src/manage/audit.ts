// `bessemer audit verify`, `bessemer audit list` and `bessemer audit shipments`.

import { parseArgs } from 'node:util';

import { isoTime } from '#clock';
import { auditDetail, type AuditRow, findAuditEnd, readAudit } from '#store/audit';
import { type AuditShipment, listAuditShipments } from '#store/audit-shipments';
import type { Store } from '#store/database';
import {
  type ChainedRow,
  type ChainEnd,
  type ChainReport,
  makeAuditChain,
} from '#trust/audit-chain';
import { openKeyRing } from '#trust/key-ring';

import {
  type Command,
  DATA_OPTIONS,
  DATA_OPTIONS_HELP,
  UsageInvalid,
  withData,
} from './command.ts';

export const AUDIT_USAGE = `usage: bessemer audit verify --data DIR [--expect SEQ:HASH] [--json]
       bessemer audit list --data DIR [--node UUID] [--event NAME] [--json]
       bessemer audit shipments --data DIR [--json]

verify reads the whole log of events about trust and says whether a row was changed, removed, moved, inserted or cut
off the end. It prints the end of the log; kept elsewhere and given with --expect at the next time, it shows too
whether the whole store was set back. Exit code 0: unbroken; 1: not.

shipments prints how far the log was shipped to each receiver that [audit] names or named, and why one does not take it.
Exit code 0: all of them take records; 1: not.

${DATA_OPTIONS_HELP}`;

const AUDIT_OPTIONS = {
  ...DATA_OPTIONS,
  expect: { type: 'string' },
  node: { type: 'string' },
  event: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const anchorOf = (text: string | undefined): ChainEnd | undefined => {
  if (text === undefined) return undefined;
  const parts = /^(\d{1,15}):([0-9a-f]{64}|)$/.exec(text);
  if (parts === null) throw new UsageInvalid(`--expect ${text}: expected SEQ:HASH`);
  return { seq: Number(parts[1]), hash: parts[2] as string };
};

type Anchored = { readonly report: ChainReport; readonly isAnchorFound: boolean };

/** Verifies, and looks on the way whether the row of the anchor is still the one of that time. */
const verifyWithAnchor = async (
  verify: (rows: AsyncIterable<ChainedRow>) => Promise<ChainReport>,
  rows: AsyncIterable<AuditRow>,
  anchor: ChainEnd | undefined,
): Promise<Anchored> => {
  // An anchor from before the first row holds for every log.
  let isAnchorFound = anchor === undefined || anchor.seq === 0;
  async function* watched(): AsyncGenerator<ChainedRow> {
    for await (const row of rows) {
      if (anchor !== undefined && row.seq === anchor.seq && row.hash === anchor.hash) {
        isAnchorFound = true;
      }
      yield row;
    }
  }
  const report = await verify(watched());
  return { report, isAnchorFound };
};

const verdictOf = ({ report, isAnchorFound }: Anchored, anchor: ChainEnd | undefined): string => {
  const { fault, count } = report;
  if (fault !== undefined) return `BROKEN at row ${fault.seq} (${fault.kind}): ${fault.text}`;
  if (!isAnchorFound)
    return `SET BACK: row ${anchor?.seq} is not the one that --expect tells of, or is gone.`;
  return `unbroken: ${count} rows`;
};

const lineOf = (row: AuditRow): string =>
  [
    String(row.seq).padStart(6),
    isoTime(row.atMs).slice(0, 23),
    row.severity.padEnd(8),
    row.event.padEnd(26),
    row.outcome.padEnd(7),
    row.nodeUuid ?? '-',
    row.source ?? '-',
    row.detail === '{}' ? '' : row.detail,
  ]
    .join(' ')
    .trimEnd();

const shipmentLine = (shipment: AuditShipment, endSeq: number): string => {
  const { destination, shippedSeq, failingSinceMs, failure } = shipment;
  const place = `${destination}: ${shippedSeq} of ${endSeq} records`;
  return failingSinceMs === null
    ? place
    : `${place}, none since ${isoTime(failingSinceMs).slice(0, 19)}: ${failure}`;
};

const printShipments = async (
  store: Store,
  isJson: boolean,
  print: (line: string) => void,
): Promise<number> => {
  const [shipments, end] = [await listAuditShipments(store.db), await findAuditEnd(store.db)];
  const endSeq = end?.seq ?? 0;
  if (isJson) print(JSON.stringify({ endSeq, shipments }));
  else if (shipments.length === 0) print('nothing was ever shipped; see [audit]');
  else for (const each of shipments) print(shipmentLine(each, endSeq));
  return shipments.some(({ failure }) => failure !== null) ? 1 : 0;
};

const ACTIONS: readonly (string | undefined)[] = ['verify', 'list', 'shipments'];

export const audit: Command = async (args, print) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: AUDIT_OPTIONS,
  });
  const [action, ...rest] = positionals;
  if (!ACTIONS.includes(action) || rest.length > 0) {
    throw new UsageInvalid('expected "verify", "list" or "shipments"');
  }
  const anchor = anchorOf(values.expect);
  return withData(values, async ({ directory, store }) => {
    if (action === 'shipments') return printShipments(store, values.json, print);
    if (action === 'list') {
      const query = { nodeUuid: values.node, event: values.event };
      for await (const row of readAudit(store.db, query)) {
        print(values.json ? JSON.stringify({ ...row, detail: auditDetail(row) }) : lineOf(row));
      }
      return 0;
    }
    const chain = makeAuditChain((await openKeyRing(directory.keys)).deriveKey('audit-chain'));
    const end = await findAuditEnd(store.db);
    const found = await verifyWithAnchor(
      (rows) => chain.verify(rows, end),
      readAudit(store.db),
      anchor,
    );
    const { report } = found;
    if (values.json) print(JSON.stringify({ ...report, isAnchorFound: found.isAnchorFound }));
    else {
      print(verdictOf(found, anchor));
      print(`end: ${report.end.seq}:${report.end.hash}`);
    }
    return report.fault === undefined && found.isAnchorFound ? 0 : 1;
  });
};
