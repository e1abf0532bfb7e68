// `bmc status [NODE]`: what the service knows of the accounts that it keeps at BMCs. Never a password.

import type { JsonObject } from '@bessemer/protocol/json';

import { type Format, renderFacts } from '#output/format';
import type { Cell } from '#output/table';

import type { Session } from '../session.ts';
import { chooseNodes, forEachNode, type NodeChoice, type Outcomes } from './chosen-nodes.ts';
import { askMethod, valueAt } from './passthru.ts';

export const fetchStatus = (session: Session, node: string): Promise<JsonObject> =>
  askMethod(session, node, 'bmc_credential_status');

const accountText = (status: JsonObject, slot: 'a' | 'b'): Cell => {
  const username = valueAt(status, 'slots', slot, 'username');
  const state = valueAt(status, 'slots', slot, 'state');
  const verified = valueAt(status, 'slots', slot, 'verified_at');
  if (state === null || state === 'empty') return null;
  return `${username} (${state}${verified === null ? '' : `, proved ${verified}`})`;
};

const BAD_STATES: readonly unknown[] = ['degraded', 'lost', 'locked'];

const showOne = (status: JsonObject, format: Format): string =>
  renderFacts(
    {
      pairs: [
        ['state', valueAt(status, 'state')],
        ['strategy', valueAt(status, 'strategy')],
        ['in use', valueAt(status, 'active_slot')],
        ['account a', accountText(status, 'a')],
        ['account b', accountText(status, 'b')],
        ['profile', valueAt(status, 'profile')],
        ['frozen', valueAt(status, 'frozen', 'reason')],
        ['frozen until', valueAt(status, 'frozen', 'until')],
        ['waits for', valueAt(status, 'rotation', 'waits_for')],
        ['waits until', valueAt(status, 'rotation', 'waits_until')],
        ['remedy', valueAt(status, 'rotation', 'remedy')],
        ['next rotation', valueAt(status, 'next_due')],
        ['last result', valueAt(status, 'last_result', 'outcome')],
        ['at', valueAt(status, 'last_result', 'at')],
        ['because', valueAt(status, 'last_result', 'text')],
      ],
      data: status,
    },
    format,
  );

export const bmcStatus = async (
  session: Session,
  choice: NodeChoice,
  format: Format,
): Promise<Outcomes> => {
  const { node } = choice;
  if (node !== undefined) {
    const status = await fetchStatus(session, node);
    return { isGood: true, text: showOne(status, format) };
  }
  const nodes = await chooseNodes(session, { ...choice, all: true });
  const outcomes = await forEachNode(
    nodes,
    ['state', 'in use', 'next rotation', 'last result'],
    format,
    async ({ ident }) => {
      const status = await fetchStatus(session, ident);
      const state = valueAt(status, 'state');
      return {
        isGood: !BAD_STATES.includes(state),
        cells: [
          state,
          valueAt(status, 'active_slot'),
          valueAt(status, 'next_due'),
          valueAt(status, 'last_result', 'text'),
        ],
        data: status,
      };
    },
  );
  // To have looked is to have done it.
  return { ...outcomes, isGood: true };
};
