// Steps that a conductor may ask for. Built-in names belong to the agent: a plug-in that offers one of them is
// refused when it is loaded, and looked for again when a step is run, so that nothing can stand in for erasing.

import type { AgentStep, AgentStepKind } from '@bessemer/protocol/agent/step';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import type { Report } from '../agent-context.ts';
import { CommandFailure } from '../command-failure.ts';

export type StepRun = {
  readonly args: JsonObject;
  readonly node: JsonObject;
  readonly ports: readonly JsonValue[];
  readonly report: Report;
};

export type Step = AgentStep & { readonly run: (run: StepRun) => Promise<JsonValue> };

export type StepManager = {
  /** Key of the version map. */
  readonly name: string;
  /** Key of the step map. */
  readonly className: string;
  readonly version: string;
  readonly steps: { readonly [kind in AgentStepKind]: readonly Step[] };
};

const KINDS = ['clean', 'deploy', 'service'] as const;

export type StepRegistry = {
  readonly versions: () => JsonObject;
  /** As on the wire: steps by class name of their manager. */
  readonly list: (kind: AgentStepKind) => JsonObject;
  /** Throws HardwareManagerMethodNotFound. */
  readonly find: (kind: AgentStepKind, step: string, stepInterface: string) => Step;
};

export const makeStepRegistry = (
  builtIn: StepManager,
  plugIns: readonly StepManager[] = [],
): StepRegistry => {
  refuseShadows(builtIn, plugIns);
  const managers = [builtIn, ...plugIns];
  return {
    versions: () => Object.fromEntries(managers.map(({ name, version }) => [name, version])),
    list: (kind) =>
      Object.fromEntries(
        managers.map(({ className, steps }) => [className, steps[kind].map(onTheWire)]),
      ),
    find: (kind, step, stepInterface) => {
      // Again at run time: a plug-in could have changed its list since it was loaded.
      refuseShadows(builtIn, plugIns);
      const found = managers
        .flatMap(({ steps }) => steps[kind])
        .find((known) => known.step === step && known.interface === stepInterface);
      if (found === undefined) {
        throw new CommandFailure(
          'HardwareManagerMethodNotFound',
          `Could not find method: ${step}`,
          { failureCode: 'steps.invalid' },
        );
      }
      return found;
    },
  };
};

const refuseShadows = (builtIn: StepManager, plugIns: readonly StepManager[]): void => {
  const taken = new Set(KINDS.flatMap((kind) => builtIn.steps[kind].map(({ step }) => step)));
  for (const plugIn of plugIns) {
    const shadow = KINDS.flatMap((kind) => plugIn.steps[kind]).find(({ step }) => taken.has(step));
    if (shadow !== undefined) {
      throw new CommandFailure(
        'CommandExecutionError',
        `The step ${shadow.step} of ${plugIn.name} has the name of a built-in step`,
        { failureCode: 'steps.invalid' },
      );
    }
    for (const { step } of KINDS.flatMap((kind) => plugIn.steps[kind])) taken.add(step);
  }
};

const onTheWire = ({ run: _run, ...step }: Step): JsonObject => ({ ...step });
