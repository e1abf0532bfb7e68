// Aborts: at once where the step allows it, else when the step has ended.

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionState } from '@bessemer/protocol/node/states';

import type { PlannedStep, WorkflowRecord } from '#store/workflows';

/** In the workflow's context: somebody asked while a step ran that must not be interrupted. */
const ABORT_AFTER_KEY = 'isAbortedAfterStep';

const OPERATIONS: { readonly [state in ProvisionState]?: string } = {
  'clean wait': 'clean',
  'clean hold': 'clean',
  cleaning: 'clean',
  'wait call-back': 'deployment',
  'deploy hold': 'deployment',
  deploying: 'deployment',
  'inspect wait': 'inspection',
  'rescue wait': 'rescue',
  'service wait': 'service',
  'service hold': 'service',
  servicing: 'service',
};

export const abortedText = (node: Pick<NodeRecord, 'provisionState'>): string =>
  `By request, the ${OPERATIONS[node.provisionState] ?? node.provisionState} operation was aborted`;

type Underway = Pick<WorkflowRecord, 'plan' | 'cursor' | 'context'>;

/** Steps of clients say whether they may be interrupted; our own may always be. */
export const isInterruptible = (
  node: Pick<NodeRecord, 'provisionState'>,
  { plan, cursor }: Underway,
): boolean => {
  if (node.provisionState !== 'clean wait' && node.provisionState !== 'service wait') return true;
  return plan[cursor]?.args['isAbortable'] !== false;
};

export const withAbortAfterStep = ({ context }: Underway): WorkflowRecord['context'] => ({
  ...context,
  [ABORT_AFTER_KEY]: true,
});

export const isAbortDue = ({ workflow }: { readonly workflow: Underway }): boolean =>
  workflow.context[ABORT_AFTER_KEY] === true;

export const abortedAfter = (
  { node }: { readonly node: Pick<NodeRecord, 'provisionState'> },
  { name }: Pick<PlannedStep, 'name'>,
): Failure =>
  new Failure('node.aborted', `${abortedText(node)} after the completion of step "${name}"`);
