// Steps as an agent offers them, and the names that no plug-in may take.

import type { JsonObject, JsonValue } from '../json.ts';

export type AgentStepKind = 'clean' | 'deploy' | 'service';

export type AgentStep = {
  readonly step: string;
  readonly interface: string;
  readonly priority: number;
  readonly reboot_requested: boolean;
  readonly abortable?: boolean;
  readonly requires_ramdisk?: boolean;
  readonly argsinfo?: JsonObject;
};

/** A step as a conductor sends it; echoed unchanged. */
export type RequestedStep = {
  readonly step: string;
  readonly interface: string;
  readonly args?: JsonObject;
  readonly [key: string]: JsonValue | undefined;
};

/** One try to erase a disk. */
export type EraseAttempt = {
  readonly method: string;
  readonly outcome: 'erased' | 'failed' | 'read-back found data';
  readonly seconds: number;
  readonly reason?: string;
};

/** What was done to one disk, for a person and for the record. */
export type DiskErasure = {
  readonly name: string;
  readonly serial: string | null;
  readonly sizeBytes: number;
  /** The method that the read-back confirmed; null when none did. */
  readonly method: string | null;
  readonly attempts: readonly EraseAttempt[];
  readonly samples: {
    readonly count: number;
    readonly nonZero: number;
    /** SHA-256 over the sampled places before erasing. */
    readonly digestBefore?: string;
  };
  readonly summary: string;
};
