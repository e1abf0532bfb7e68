// Lists of steps in requests: shape only. Whether a step exists is known when the agent has been asked.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { refuseDisallowed } from '@bessemer/protocol/node/disallowed-steps';
import { isUuid } from '@bessemer/protocol/uuid';

import type { StepRequest } from '#conductor/conductor';

import { shown, shownKind } from '../query.ts';

const INTERFACES: ReadonlySet<string> = new Set([
  'vendor',
  'power',
  'management',
  'firmware',
  'deploy',
  'bios',
  'raid',
]);
/** No cleaning has more; each becomes a row of the plan. */
const STEPS_MAX = 500;
/** As much as any other body may hold: a config drive may be larger, but is no part of a plan. */
const STEPS_CHARS_MAX = 1_048_576;

const COMMON_KEYS = ['interface', 'step', 'args'];
const CLEAN_KEYS: ReadonlySet<string> = new Set([
  ...COMMON_KEYS,
  'order',
  'execute_on_child_nodes',
  'limit_child_node_execution',
]);
const DEPLOY_KEYS: ReadonlySet<string> = new Set([...COMMON_KEYS, 'priority']);

export type StepKind = 'clean_steps' | 'service_steps' | 'deploy_steps';

/** Throws Refusal(400), or (403) for raw commands. Clean and service steps come back in the order to run them in: as listed, unless each says its `order`. */
export const readSteps = (
  kind: StepKind,
  value: JsonValue,
  disallowed: readonly string[],
): readonly StepRequest[] => {
  if (!Array.isArray(value) || value.length === 0) {
    throw new Refusal(400, `Invalid ${kind}: it must be a list with at least one step`);
  }
  if (value.length > STEPS_MAX) throw new Refusal(400, `Invalid ${kind}: more than ${STEPS_MAX}`);
  if (JSON.stringify(value).length > STEPS_CHARS_MAX) {
    throw new Refusal(400, `Invalid ${kind}: longer than ${STEPS_CHARS_MAX} characters as JSON`);
  }
  const steps = value.map((each) => readStep(kind, each));
  refuseDisallowed(steps, disallowed);
  const isOrdered = kind !== 'deploy_steps' && steps.every((step) => step.priority !== undefined);
  return isOrdered ? inOrder(steps) : steps;
};

const inOrder = (steps: readonly StepRequest[]): readonly StepRequest[] =>
  steps.toSorted((a, b) => (a.priority ?? 0) - (b.priority ?? 0));

const readStep = (kind: StepKind, value: JsonValue): StepRequest => {
  if (!isJsonObject(value)) throw invalid(kind, `${shownKind(value)} is not of type 'object'`);
  const isDeploy = kind === 'deploy_steps';
  const allowed = isDeploy ? DEPLOY_KEYS : CLEAN_KEYS;
  const extra = Object.keys(value).find((key) => !allowed.has(key));
  if (extra !== undefined) {
    throw invalid(kind, `Additional properties are not allowed ('${shown(extra)}' was unexpected)`);
  }
  const required = isDeploy ? ['interface', 'step', 'args', 'priority'] : ['interface', 'step'];
  const missing = required.find((key) => value[key] === undefined);
  if (missing !== undefined) throw invalid(kind, `'${missing}' is a required property`);
  const { interface: interfaceKind, step, args = {} } = value;
  if (typeof interfaceKind !== 'string' || !INTERFACES.has(interfaceKind)) {
    throw invalid(kind, `${shown(interfaceKind)} is not one of [${[...INTERFACES].join(', ')}]`);
  }
  if (typeof step !== 'string' || step === '') {
    throw invalid(kind, `${shown(step)} is not a step name`);
  }
  if (!isJsonObject(args)) throw invalid(kind, `args: ${shownKind(args)} is not of type 'object'`);
  const onChildren = readChildren(kind, value);
  const priority = isDeploy ? value['priority'] : value['order'];
  return {
    interface: interfaceKind,
    step,
    args,
    ...onChildren,
    ...(priority === undefined ? {} : { priority: readPriority(kind, priority) }),
  };
};

const readChildren = (
  kind: StepKind,
  step: JsonObject,
): Pick<StepRequest, 'isOnChildren' | 'children'> => {
  const { execute_on_child_nodes: isOn, limit_child_node_execution: limit } = step;
  if (isOn !== undefined && typeof isOn !== 'boolean') {
    throw invalid(kind, `execute_on_child_nodes: ${shown(isOn)} is not of type 'boolean'`);
  }
  const isUuidList =
    limit === undefined ||
    (Array.isArray(limit) && limit.every((each) => typeof each === 'string' && isUuid(each)));
  if (!isUuidList) throw invalid(kind, 'limit_child_node_execution must be a list of UUIDs');
  if (isOn !== true) return {};
  if (limit === undefined) return { isOnChildren: true };
  return { isOnChildren: true, children: (limit as string[]).map((each) => each.toLowerCase()) };
};

const readPriority = (kind: StepKind, value: JsonValue): number => {
  const isText = kind === 'deploy_steps' && typeof value === 'string' && /^[0-9]{1,9}$/.test(value);
  const number = isText ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  throw invalid(kind, `${shown(value)} is not an integer of at least 0`);
};

const invalid = (kind: StepKind, text: string): Refusal =>
  new Refusal(400, `Schema error for ${kind}: ${text}`);
