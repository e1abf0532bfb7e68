// clean_step, deploy_step and service_step, as clients show them.

import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';
import { maskSecrets } from '@bessemer/protocol/node/mask';

import type { NodeChanges } from '#store/nodes';
import type { PlannedStep } from '#store/workflows';

import type { WorkflowKind } from './workflow-kind.ts';

/** In the plan: clients know the step by another name than we do. */
export const SHOWN_AS_KEY = 'shownAs';

const shapeOf = (item: PlannedStep): JsonObject => {
  const { [SHOWN_AS_KEY]: shownAs, args } = item.args;
  return {
    interface: typeof shownAs === 'string' ? 'deploy' : item.interface,
    step: typeof shownAs === 'string' ? shownAs : item.name,
    priority: item.priority,
    args: isJsonObject(args) ? maskSecrets(args) : {},
    abortable: item.args['isAbortable'] === true,
  };
};

/** Steps on the way into the ramdisk are part of whatever they are done for. */
const isOnTheWay = (item: PlannedStep): boolean =>
  item.interface === 'boot' && item.priority === 0 && item.args['runner'] === undefined;

const isOfClients = (item: PlannedStep): boolean =>
  item.priority > 0 || item.args['runner'] !== undefined;

export const shownStep = (kind: WorkflowKind, item: PlannedStep | undefined): NodeChanges => {
  if (kind.stepField === undefined) return {};
  if (item !== undefined && isOnTheWay(item)) return {};
  return { [kind.stepField]: item === undefined || !isOfClients(item) ? {} : shapeOf(item) };
};
