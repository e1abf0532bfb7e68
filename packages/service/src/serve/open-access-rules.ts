// The access rules of a service, and what is told when their files change.

import { type EventParts, makeEventNoter } from '#conductor/trust-events';
import { type PolicyPlaces, policyOptions } from '#config/policy-options';
import type { Settings } from '#config/schema';
import { ConfigInvalid } from '#config/setting';
import { openPolicy } from '#policy/open-policy';
import type { Policy } from '#policy/policy';
import { PolicyInvalid } from '#policy/policy-problem';

/** Throws ConfigInvalid. */
export const openAccessRules = async (
  settings: Settings,
  places: PolicyPlaces,
  parts: EventParts,
): Promise<Policy> => {
  const { log, clock } = parts;
  const note = makeEventNoter(parts);
  try {
    return await openPolicy({
      clock,
      options: policyOptions(settings, places),
      warn: (text) => log.warn(text),
      onEvent: ({ name, text, paths }) => {
        note({ name, outcome: 'changed', text, detail: { text, paths: [...paths] } }).catch(
          (error: unknown) => log.error({ err: error, event: name }, text),
        );
      },
    });
  } catch (error) {
    if (!(error instanceof PolicyInvalid)) throw error;
    throw new ConfigInvalid(`the access rules cannot be used: ${error.message}`);
  }
};
