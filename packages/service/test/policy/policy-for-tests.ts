// The policy as a service without a policy file has it, with what a test wants different.

import { systemClock } from '#clock';
import { openPolicy } from '#policy/open-policy';
import type { Policy } from '#policy/policy';
import { DEFAULT_POLICY_OPTIONS, type PolicyOptions } from '#policy/policy-options';

const ignore = (): void => undefined;

export const policyForTests = (options: Partial<PolicyOptions> = {}): Promise<Policy> =>
  openPolicy({
    clock: systemClock,
    options: { ...DEFAULT_POLICY_OPTIONS, ...options },
    warn: ignore,
    onEvent: ignore,
  });
