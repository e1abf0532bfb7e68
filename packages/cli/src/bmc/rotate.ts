// `bmc rotate NODE|--all`: asks for new passwords, and waits for them when told to.

import type { JsonObject } from '@bessemer/protocol/json';

import type { Format } from '#output/format';

import type { Clock } from '../clock.ts';
import type { Session } from '../session.ts';
import { chooseNodes, forEachNode, type NodeChoice, type Outcomes } from './chosen-nodes.ts';
import { callMethod, valueAt } from './passthru.ts';
import { fetchStatus } from './status.ts';

export type RotateOptions = NodeChoice & {
  readonly path?: string | undefined;
  readonly slot?: string | undefined;
  readonly force?: boolean | undefined;
  readonly wait?: boolean | undefined;
  readonly format: Format;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

const LOOK_MS = 1_000;
/** A BMC that restarts on a change of its accounts, with two accounts, and a lockout to be waited for. */
const WAIT_MS_MAX = 60 * 60_000;

const resultOf = (status: JsonObject): string | number | null =>
  valueAt(status, 'last_result', 'rotation') ?? valueAt(status, 'last_result', 'at');

const waitForEnd = async (
  session: Session,
  node: string,
  before: JsonObject,
  { clock, signal }: Pick<RotateOptions, 'clock' | 'signal'>,
): Promise<JsonObject | undefined> => {
  const untilMs = clock.monotonicMs() + WAIT_MS_MAX;
  while (!signal.aborted && clock.monotonicMs() < untilMs) {
    await clock.pause(LOOK_MS, signal);
    const status = await fetchStatus(session, node);
    if (resultOf(status) !== resultOf(before)) return status;
  }
  return undefined;
};

export const bmcRotate = async (session: Session, options: RotateOptions): Promise<Outcomes> => {
  const { path, slot, force = false, wait = false, format } = options;
  const args = {
    ...(path === undefined ? {} : { path }),
    ...(slot === undefined ? {} : { slot }),
    ...(force ? { force } : {}),
  };
  const nodes = await chooseNodes(session, options);
  return forEachNode(nodes, ['outcome', 'what happened'], format, async ({ ident }) => {
    const before = wait ? await fetchStatus(session, ident) : {};
    await callMethod(session, ident, 'rotate_bmc_password', args);
    if (!wait) {
      return { isGood: true, cells: ['asked for', null], data: { outcome: 'asked for' } };
    }
    const status = await waitForEnd(session, ident, before, options);
    if (status === undefined) {
      return { isGood: false, cells: ['goes on', null], data: { outcome: 'goes on' } };
    }
    const outcome = valueAt(status, 'last_result', 'outcome');
    return {
      isGood: outcome === 'succeeded',
      cells: [outcome, valueAt(status, 'last_result', 'text')],
      data: { outcome, last_result: status['last_result'] ?? null },
    };
  });
};
