// Steps that are kept for later: those of deploy templates and of runbooks. Secrets in their arguments are never
// shown again, to nobody.

import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { maskSecrets } from '@bessemer/protocol/node/mask';
import { Refusal } from '@bessemer/protocol/errors/refusal';

type Named = { readonly interface: string; readonly step: string };

/** Throws Refusal(400) when a step is there twice. */
export const refuseDuplicates = (noun: string, steps: readonly Named[]): void => {
  const seen = new Set<string>();
  for (const { interface: kind, step } of steps) {
    const name = `${kind}.${step}`;
    if (seen.has(name)) {
      throw new Refusal(
        400,
        `Schema error for ${noun}: steps: duplicate deploy steps are not allowed. Each combination of interface ` +
          `and step can be there once; this one is there more often: interface: ${kind}, step: ${step.slice(0, 200)}`,
      );
    }
    seen.add(name);
  }
};

export const maskSteps = (steps: readonly JsonValue[]): JsonValue[] =>
  steps.map((step) => {
    if (!isJsonObject(step)) return step;
    const args: JsonObject = isJsonObject(step['args']) ? maskSecrets(step['args']) : {};
    return { ...step, args };
  });
