// What an operator may set about passwords of BMCs that persons get to see.

import type { Recipient } from '#trust/break-glass/recipient';
import type { SecretStore } from '#trust/secret-store/secret-store';

export type BreakGlassOptions = {
  /** Undefined: no kit is kept. */
  readonly kit:
    | { readonly directory: string; readonly recipients: readonly Recipient[] }
    | undefined;
  /** How long a node is held at most after an export. */
  readonly holdMs: number;
  /** How many persons an export needs. */
  readonly approvals: 1 | 2;
  /** Of all persons together. */
  readonly exportsPerHourMax: number;
};

export type BreakGlassParts = {
  readonly secrets: SecretStore;
  readonly options: BreakGlassOptions;
};
