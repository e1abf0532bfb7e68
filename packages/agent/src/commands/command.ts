// A command: what the listener may run. Asynchronous ones run alone and report progress; synchronous ones wait
// for each other.

import type { CommandProgress } from '@bessemer/protocol/agent/command';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';

export type CommandRun = {
  readonly params: JsonObject;
  readonly report: (progress: CommandProgress) => void;
};

export type Command = {
  /** `extension.name`. */
  readonly name: string;
  readonly kind: 'sync' | 'async';
  /** Throws before anything is run; the caller gets HTTP 400 and the history no entry. */
  readonly validate?: (params: JsonObject) => void;
  readonly run: (run: CommandRun) => Promise<JsonValue>;
};
