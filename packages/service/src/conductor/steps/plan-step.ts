// A step that was asked for, or that runs by itself, as an item of a plan: who runs it is said beside it.

import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import type { StepListKind } from '#drivers/driver';
import type { PlannedStep } from '#store/workflows';

import { AGENT_STEP_RUNNER, REBOOT_KEY } from '../agent-session/run-agent-step.ts';
import type { StepRequest } from '../conductor.ts';
import { nameOf, type OfferedStep } from './offered-step.ts';
import { isReserved, RESERVED_STEP_RUNNER } from './reserved-steps.ts';

export const DRIVER_STEP_RUNNER = 'driver-step';
export const SIMULATED_STEP_RUNNER = 'simulated-step';
export const CHILD_STEP_RUNNER = 'child-step';

const runnerOf = (kind: StepListKind, step: OfferedStep): string => {
  if (step.by === 'driver') return DRIVER_STEP_RUNNER;
  if (step.by === 'simulation') return SIMULATED_STEP_RUNNER;
  if (step.by === 'service') return step.step;
  return kind === 'deploy' ? AGENT_STEP_RUNNER.ownDeploy : AGENT_STEP_RUNNER[kind];
};

export const planOffered = (
  kind: StepListKind,
  step: OfferedStep,
  wish: { readonly args?: JsonObject; readonly priority?: number | undefined } = {},
): PlannedStep => ({
  name: step.step,
  interface: step.interface,
  priority: wish.priority ?? step.priority,
  args: {
    runner: runnerOf(kind, step),
    args: wish.args ?? {},
    isAbortable: step.isAbortable,
    ...(step.isRebootRequested ? { [REBOOT_KEY]: true } : {}),
  },
});

const requireArguments = (kind: StepListKind, wish: StepRequest, step: OfferedStep): void => {
  const { argumentFacts: facts } = step;
  if (facts === undefined) return;
  const given = Object.keys(wish.args);
  const unknown = given.filter((name) => !Object.hasOwn(facts, name));
  const missing = Object.entries(facts)
    .filter(
      ([name, fact]) => isJsonObject(fact) && fact['required'] === true && !given.includes(name),
    )
    .map(([name]) => name);
  if (unknown.length === 0 && missing.length === 0) return;
  const complaints = [
    ...(unknown.length === 0 ? [] : [`does not know the arguments ${unknown.join(', ')}`]),
    ...(missing.length === 0 ? [] : [`needs the arguments ${missing.join(', ')}`]),
  ];
  throw new Failure(
    'steps.invalid',
    `The ${kind} step ${nameOf(wish)} ${complaints.join(' and ')}. It takes: ${Object.keys(facts).join(', ') || 'none'}.`,
  );
};

const NAMES_SHOWN_MAX = 60;

const unknownStep = (
  kind: StepListKind,
  wish: StepRequest,
  offered: readonly OfferedStep[],
): Failure =>
  new Failure(
    'steps.invalid',
    `The node offers no ${kind} step ${nameOf(wish)}. It offers ${
      offered.slice(0, NAMES_SHOWN_MAX).map(nameOf).join(', ') || 'none'
    }.`,
  );

const planOnChildren = (wish: StepRequest): PlannedStep => ({
  name: wish.step,
  interface: wish.interface,
  priority: wish.priority ?? 0,
  args: {
    runner: CHILD_STEP_RUNNER,
    args: wish.args,
    isAbortable: false,
    ...(wish.children === undefined ? {} : { children: [...wish.children] }),
  },
});

/** Throws Failure('steps.invalid') for what the node does not have, and for arguments that the step does not take. */
export const planAsked = (
  kind: StepListKind,
  wish: StepRequest,
  offered: readonly OfferedStep[],
): PlannedStep => {
  // Whether children have the step is known when it is their turn.
  if (wish.isOnChildren === true) return planOnChildren(wish);
  if (isReserved(wish.step)) {
    return {
      name: wish.step,
      interface: wish.interface,
      priority: wish.priority ?? 0,
      args: { runner: RESERVED_STEP_RUNNER, args: wish.args, isAbortable: true },
    };
  }
  const step = offered.find((each) => nameOf(each) === nameOf(wish));
  if (step === undefined) throw unknownStep(kind, wish, offered);
  requireArguments(kind, wish, step);
  return planOffered(kind, step, wish);
};
