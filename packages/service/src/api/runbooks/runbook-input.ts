// What clients write into runbooks.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonValue } from '@bessemer/protocol/json';
import { offers } from '@bessemer/protocol/microversion/features';
import type { RunbookRecord, RunbookStep } from '@bessemer/protocol/runbook/record';
import { requireTraitName } from '@bessemer/protocol/trait/trait-name';

import { readSteps } from '../nodes/steps-input.ts';
import { shown } from '../query.ts';
import { refuseDuplicates } from '../resource/kept-steps.ts';
import { isLogicalName, type ReadSpecial } from '../resource/resource-input.ts';

export const runbookSpecial =
  (disallowed: readonly string[]): ReadSpecial =>
  (name, value, minor) =>
    name === 'name'
      ? readName(value, minor)
      : (readRunbookSteps(value, disallowed) as unknown as JsonValue);

/** A trait, while a runbook's name was the trait that nodes needed; any name since it has traits. */
const readName = (value: JsonValue, minor: number): string => {
  if (!offers(minor, 'runbook-traits')) {
    return requireTraitName('Schema error for runbook: name', value);
  }
  if (typeof value === 'string' && isLogicalName(value)) return value;
  throw new Refusal(
    400,
    `Schema error for runbook: name: '${shown(value)}' is not a name: 1 to 255 letters, digits and -._~, and no UUID`,
  );
};

const STEP_KEYS: ReadonlySet<string> = new Set(['interface', 'step', 'args', 'order']);
/** No cleaning has more. */
const STEPS_MAX = 500;
const ORDER_TEXT = /^[0-9]{1,9}$/;

const readRunbookSteps = (
  value: JsonValue,
  disallowed: readonly string[],
): readonly RunbookStep[] => {
  const isList = Array.isArray(value) && value.length > 0 && value.length <= STEPS_MAX;
  if (!isList) {
    throw new Refusal(
      400,
      `Schema error for runbook: steps: it must be a list of 1 to ${STEPS_MAX} steps`,
    );
  }
  // One by one: a runbook keeps the order in which its steps were given.
  const steps = value.map((each) => readStep(each, disallowed));
  refuseDuplicates('runbook', steps);
  return steps;
};

const readStep = (given: JsonValue, disallowed: readonly string[]): RunbookStep => {
  if (!isJsonObject(given)) {
    throw new Refusal(400, `Schema error for runbook: steps: ${shown(given)} is not an object`);
  }
  for (const key of STEP_KEYS) {
    if (given[key] === undefined) {
      throw new Refusal(400, `Schema error for runbook: steps: '${key}' is a required property`);
    }
  }
  const extra = Object.keys(given).find((key) => !STEP_KEYS.has(key));
  if (extra !== undefined) {
    throw new Refusal(
      400,
      `Schema error for runbook: steps: Additional properties are not allowed ('${shown(extra)}' was unexpected)`,
    );
  }
  const { order } = given;
  const isText = typeof order === 'string' && ORDER_TEXT.test(order);
  const [read] = readSteps(
    'clean_steps',
    [{ ...given, order: isText ? Number(order) : (order ?? null) }],
    disallowed,
  );
  return {
    interface: read?.interface ?? '',
    step: read?.step ?? '',
    args: read?.args ?? {},
    order: read?.priority ?? 0,
  };
};

/** Throws Refusal(400). */
export const refuseOwnedPublic = (runbook: Pick<RunbookRecord, 'public' | 'owner'>): void => {
  if (!runbook.public || runbook.owner === null) return;
  throw new Refusal(400, 'There cannot be an owner for a public runbook');
};
