// A failure of the world, as opposed to a refusal (the caller's fault) or a defect. It can be stored: code,
// text and plain details survive JSON, a crash and an upgrade. Never a stack, never a secret.

import type { JsonObject } from '../json.ts';
import type { FailureCode } from './codes.ts';

export type StoredFailure = {
  readonly code: FailureCode;
  /** One or two sentences for a person: what happened, to whom, what to do. */
  readonly text: string;
  readonly details: JsonObject;
};

export class Failure extends Error {
  readonly code: FailureCode;
  /** Whether the same attempt may succeed a little later. */
  readonly isRetryable: boolean;
  readonly details: JsonObject;

  constructor(
    code: FailureCode,
    text: string,
    options: {
      readonly isRetryable?: boolean;
      readonly details?: JsonObject;
      readonly cause?: unknown;
    } = {},
  ) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.isRetryable = options.isRetryable ?? false;
    this.details = options.details ?? {};
  }
}

export const storedFailure = (error: unknown): StoredFailure =>
  error instanceof Failure
    ? { code: error.code, text: error.message, details: error.details }
    : {
        code: 'internal',
        text: `A defect of the service: ${error instanceof Error ? error.message : String(error)}`,
        details: {},
      };
