// What the service says about why a node is where it is.

import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';
import type { WhyReport } from '@bessemer/protocol/node/why-report';

import { CliFailure } from '../cli-failure.ts';
import type { Session } from '../session.ts';

const textOf = (value: JsonValue | undefined): string | null =>
  typeof value === 'string' ? value : null;

export const fetchWhy = async (session: Session, node: string): Promise<WhyReport> => {
  const answer = await session.call('GET', `/bessemer/nodes/${encodeURIComponent(node)}/why`);
  if (!isJsonObject(answer)) throw new CliFailure('failed', 'the service sent no report');
  const { failure } = answer;
  return {
    node: textOf(answer['node']) ?? node,
    name: textOf(answer['name']),
    provisionState: textOf(answer['provisionState']) ?? '',
    targetProvisionState: textOf(answer['targetProvisionState']),
    isBusy: answer['isBusy'] === true,
    workflow: textOf(answer['workflow']),
    step: textOf(answer['step']),
    waitsFor: textOf(answer['waitsFor']),
    since: textOf(answer['since']),
    until: textOf(answer['until']),
    on: textOf(answer['on']),
    remedy: textOf(answer['remedy']),
    failure: isJsonObject(failure)
      ? { code: textOf(failure['code']) ?? '', text: textOf(failure['text']) ?? '' }
      : null,
  };
};

/** A workflow that waits is held by nobody, and is under way all the same. */
export const isUnderWay = (report: WhyReport): boolean => report.isBusy || report.workflow !== null;

/** Whether the node rests where nobody wanted it, or its last operation failed. */
export const isFailed = (report: WhyReport): boolean =>
  report.provisionState.endsWith(' failed') ||
  report.provisionState === 'error' ||
  report.failure !== null;
