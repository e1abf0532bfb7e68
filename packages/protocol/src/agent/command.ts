// A command as it travels between the conductor and the agent: names, statuses and shapes of the stock wire.

import type { JsonObject, JsonValue } from '../json.ts';
import type { FailureCode } from '../errors/codes.ts';

export type CommandStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CLEAN_VERSION_MISMATCH';

export type CommandError = {
  /** Name of the error class, e.g. `ImageChecksumError`. */
  readonly type: string;
  /** Like an HTTP status. */
  readonly code: number;
  /** Fixed title of the class. */
  readonly message: string;
  /** What happened, for a person. */
  readonly details: string;
  /** Ours only: what the failure is stored as. A stock agent does not send it. */
  readonly failure_code?: FailureCode;
};

export type CommandResult = {
  readonly id: string;
  /** Without the extension (`sync`); a synchronous command that failed has the full name. */
  readonly command_name: string;
  readonly command_status: CommandStatus;
  readonly command_error: CommandError | null;
  /** While our agent runs a long command: `{progress: CommandProgress}`. */
  readonly command_result: JsonValue;
};

export type CommandProgress = {
  /** What is being done, e.g. `writing`, `verifying`, `erasing /dev/sda`. */
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
};

export type CommandRequest = { readonly name: string; readonly params: JsonObject };

/** Sent by our conductor with each command: the number of its lease. */
export const FENCE_HEADER = 'x-bessemer-fence';

export const AGENT_PORT = 9999;
