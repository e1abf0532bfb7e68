// What clients write into deploy templates.

import type { JsonValue } from '@bessemer/protocol/json';
import type { TemplateStep } from '@bessemer/protocol/deploy-template/record';
import { requireTraitName } from '@bessemer/protocol/trait/trait-name';

import { readSteps } from '../nodes/steps-input.ts';
import { refuseDuplicates } from '../resource/kept-steps.ts';
import type { ReadSpecial } from '../resource/resource-input.ts';

export const templateSpecial =
  (disallowed: readonly string[]): ReadSpecial =>
  (name, value) =>
    name === 'name'
      ? requireTraitName('Schema error for deploy template: name', value)
      : (readTemplateSteps(value, disallowed) as unknown as JsonValue);

const readTemplateSteps = (
  value: JsonValue,
  disallowed: readonly string[],
): readonly TemplateStep[] => {
  const steps = readSteps('deploy_steps', value, disallowed).map(
    ({ interface: kind, step, args, priority = 0 }) => ({
      interface: kind,
      step,
      args: args ?? {},
      priority,
    }),
  );
  refuseDuplicates('deploy template', steps);
  return steps;
};
