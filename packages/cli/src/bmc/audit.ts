// `bmc audit [NODE|--all]`: what is wrong with the accounts and settings of BMCs; `--fix` mends what can be mended safely.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import { type Format, renderListing } from '#output/format';
import type { Cell } from '#output/table';

import { CliFailure } from '../cli-failure.ts';
import type { Session } from '../session.ts';
import { type ChosenNode, chooseNodes, type NodeChoice, type Outcomes } from './chosen-nodes.ts';
import { askMethod, callMethod, valueAt } from './passthru.ts';

type Found = {
  readonly node: string;
  readonly report: JsonObject;
  readonly rows: readonly (readonly Cell[])[];
};

const itemsIn = (report: JsonObject, key: string): readonly JsonObject[] => {
  const items = report[key];
  return Array.isArray(items) ? items.filter(isJsonObject) : [];
};

const find = async (session: Session, node: ChosenNode, isFixing: boolean): Promise<Found> => {
  const answer = isFixing
    ? await callMethod(session, node.ident, 'fix_bmc_accounts')
    : await askMethod(session, node.ident, 'audit_bmc_accounts');
  const report = isJsonObject(answer) ? answer : {};
  return {
    node: node.label,
    report,
    rows: [
      ...itemsIn(report, 'items').map((item) => [
        node.label,
        valueAt(item, 'severity'),
        valueAt(item, 'kind'),
        valueAt(item, 'text'),
        valueAt(item, 'outcome') ??
          (item['can_be_fixed'] === true ? 'by --fix' : valueAt(item, 'remedy')),
      ]),
      ...itemsIn(report, 'gaps').map((gap) => [
        node.label,
        'unknown',
        `${valueAt(gap, 'what')} (${valueAt(gap, 'protocol')})`,
        valueAt(gap, 'text'),
        null,
      ]),
    ],
  };
};

const findOrTell = async (
  session: Session,
  node: ChosenNode,
  { isFixing, isOnly }: { readonly isFixing: boolean; readonly isOnly: boolean },
): Promise<Found> => {
  try {
    return await find(session, node, isFixing);
  } catch (error) {
    if (isOnly || !(error instanceof CliFailure)) throw error;
    const row = [node.label, 'unknown', 'error', error.message, null];
    return { node: node.label, report: { error: error.message }, rows: [row] };
  }
};

/** Not good, so exit code 1, where anything was found: scripts and timers look at that. */
export const bmcAudit = async (
  session: Session,
  choice: NodeChoice & { readonly fix?: boolean | undefined },
  format: Format,
): Promise<Outcomes> => {
  const nodes = await chooseNodes(session, choice);
  const found: Found[] = [];
  // One after the other: each is a login or more at the BMC, within the budget of the service.
  for (const node of nodes) {
    const how = { isFixing: choice.fix === true, isOnly: nodes.length === 1 };
    found.push(await findOrTell(session, node, how));
  }
  const rows = found.flatMap((each) => each.rows);
  const data = found.map(({ node, report }) => ({ node, ...report }));
  return {
    isGood: rows.length === 0,
    text:
      rows.length === 0 && format === 'table'
        ? `nothing found on ${nodes.length === 1 ? 'one node' : `${nodes.length} nodes`}`
        : renderListing(
            { columns: ['node', 'severity', 'what', 'found', 'fix'], rows, data },
            format,
          ),
  };
};
