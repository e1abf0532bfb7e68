// The answer to "may this caller do that to this object?", whatever way the caller logged in.

import type { Credentials } from './credentials.ts';
import type { RuleName } from './rules.ts';

/** What the object brings into `%(...)s`: `node.owner`, `node.lessee`, `allocation.owner`, `runbook.owner`. */
export type PolicyTarget = { readonly [key: string]: string | null };

export type Policy = {
  /** A promise only where the rule asks an HTTP service. Rules that do not exist are refused. */
  readonly allows: (
    rule: RuleName,
    credentials: Credentials,
    target?: PolicyTarget,
  ) => boolean | Promise<boolean>;
  /**
   * For rules that exist only where an operator wrote them (`baremetal:step:execute:INTERFACE.STEP`): undefined when
   * the policy file does not have one of this name.
   */
  readonly allowsIfDefined: (
    rule: string,
    credentials: Credentials,
    target?: PolicyTarget,
  ) => boolean | Promise<boolean> | undefined;
};
