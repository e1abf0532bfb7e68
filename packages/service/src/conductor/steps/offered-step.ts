// Steps that a node has, whoever performs them: its agent, its driver, or a machine that only pretends.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import type { DriverStep, NodeDriver, StepListKind } from '#drivers/driver';

import { IN_BAND_STEPS } from './in-band-steps.ts';

export type OfferedStep = {
  readonly step: string;
  readonly interface: string;
  readonly priority: number;
  readonly by: 'agent' | 'driver' | 'simulation' | 'service';
  readonly isRebootRequested: boolean;
  readonly isAbortable: boolean;
  /** Which arguments there are, as `{name: {required}}`; undefined: nothing is known of them. */
  readonly argumentFacts: JsonObject | undefined;
};

/** Equal priority: the outermost interface first. */
const INTERFACE_RANK: { readonly [kind: string]: number } = {
  network: 8,
  vendor: 7,
  power: 6,
  management: 5,
  firmware: 4,
  deploy: 3,
  bios: 2,
  raid: 1,
};

type Placed = { readonly priority: number; readonly interface: string };

export const byPriority = (a: Placed, b: Placed): number =>
  b.priority - a.priority ||
  (INTERFACE_RANK[b.interface] ?? 0) - (INTERFACE_RANK[a.interface] ?? 0);

export const nameOf = (step: { readonly interface: string; readonly step: string }): string =>
  `${step.interface}.${step.step}`;

const isOffer = (step: unknown): step is JsonObject & Placed & { readonly step: string } =>
  isJsonObject(step) &&
  typeof step['step'] === 'string' &&
  typeof step['interface'] === 'string' &&
  typeof step['priority'] === 'number';

const ofAgent = (step: JsonObject & Placed & { readonly step: string }): OfferedStep => ({
  step: step.step,
  interface: step.interface,
  priority: step.priority,
  by: 'agent',
  isRebootRequested: step['reboot_requested'] === true,
  isAbortable: step['abortable'] === true,
  argumentFacts: isJsonObject(step['argsinfo']) ? step['argsinfo'] : undefined,
});

/** A list that cannot be read is no empty list: a node is not available because nobody knew how to erase it. */
export const stepsOfAgent = (kind: StepListKind, result: unknown): readonly OfferedStep[] => {
  const byManager = isJsonObject(result) ? result[`${kind}_steps`] : undefined;
  const offered: unknown[] = isJsonObject(byManager)
    ? Object.values(byManager).flat()
    : [undefined];
  if (!offered.every(isOffer)) {
    throw new Failure('agent.protocol', `The agent did not say which ${kind} steps it has.`);
  }
  // Which of two would run is the agent's choice then, and one of them may only look like erasing.
  const names = offered.map(nameOf);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double === undefined) return offered.map(ofAgent);
  throw new Failure(
    'steps.invalid',
    `The agent offers the ${kind} step ${double} more than once; a plug-in may not bring a step that the agent has.`,
  );
};

const factsOf = ({ args }: DriverStep): JsonObject | undefined =>
  args === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(args).map(([name, { description, isRequired }]) => [
          name,
          { description, required: isRequired },
        ]),
      );

export const stepsOfDriver = (kind: StepListKind, driver: NodeDriver): readonly OfferedStep[] =>
  (driver.steps ?? []).flatMap((step) => {
    const priority = step.priority[kind];
    if (priority === undefined) return [];
    return [
      {
        step: step.step,
        interface: step.interface,
        priority,
        by: 'driver' as const,
        isRebootRequested: false,
        isAbortable: false,
        argumentFacts: factsOf(step),
      },
    ];
  });

/** What a stock agent would offer. */
export const stepsOfSimulation = (kind: StepListKind): readonly OfferedStep[] =>
  IN_BAND_STEPS[kind].map(([interfaceKind, step]) => ({
    step,
    interface: interfaceKind,
    priority: 0,
    by: 'simulation',
    isRebootRequested: false,
    isAbortable: true,
    argumentFacts: undefined,
  }));

/** The driver's step hides one of the same name that an agent has. */
export const withoutHidden = (
  inBand: readonly OfferedStep[],
  byDriver: readonly OfferedStep[],
): readonly OfferedStep[] => {
  const hidden = new Set(byDriver.map(nameOf));
  return [...byDriver, ...inBand.filter((step) => !hidden.has(nameOf(step)))];
};
