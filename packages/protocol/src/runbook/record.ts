// A runbook: a list of cleaning or servicing steps that people may run on machines whose traits fit.

import type { JsonObject } from '../json.ts';

export type RunbookStep = {
  readonly interface: string;
  readonly step: string;
  readonly args: JsonObject;
  /** Lower runs earlier. */
  readonly order: number;
};

export type RunbookRecord = {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly steps: readonly RunbookStep[];
  readonly disableRamdisk: boolean;
  readonly extra: JsonObject;
  /** Everybody may read and use it; it has no owner then. */
  readonly public: boolean;
  /** A project. */
  readonly owner: string | null;
  readonly description: string | null;
  /** Sorted. */
  readonly traits: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string | null;
};
