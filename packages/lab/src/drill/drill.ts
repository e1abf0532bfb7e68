// An attack on the running product, as something that can be staged again and again: what is tried, what must come of
// it, and what did.

import type { Stage } from './stage/stage.ts';

export type Drill = {
  readonly name: string;
  /** Numbers of the threat model. */
  readonly threats: readonly string[];
  /** What the attacker does, in one line. */
  readonly attempt: string;
  /** The refusal that must follow, in one line. */
  readonly expected: string;
  /** Left out: machines of a lab too, which are enrolled at the service. */
  readonly needs?: 'a service';
  readonly run: (stage: Stage) => Promise<Finding>;
};

export type Finding = {
  /** What came, in one line. */
  readonly seen: string;
  /** What ought to have been otherwise; none means that the product held. */
  readonly deviations: readonly string[];
};

/** `not staged`: the attack itself could not be carried out, so it shows nothing. */
export type Verdict = 'held' | 'BROKEN' | 'not staged';

export type DrillResult = Pick<Drill, 'name' | 'threats' | 'attempt' | 'expected'> &
  Finding & { readonly verdict: Verdict; readonly elapsedMs: number };
