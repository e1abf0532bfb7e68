// Failures of commands as the stock wire names them: class name, HTTP-like code, fixed title, details.

import type { CommandError } from '@bessemer/protocol/agent/command';
import type { FailureCode } from '@bessemer/protocol/errors/codes';

const KINDS = {
  InvalidCommandError: { code: 400, message: 'Invalid command' },
  InvalidCommandParamsError: { code: 400, message: 'Invalid command parameters' },
  NotFound: { code: 404, message: 'Not found' },
  DeviceNotFound: {
    code: 404,
    message: 'Error finding the disk or partition device to deploy the image onto',
  },
  AgentIsBusy: { code: 409, message: 'Agent is busy' },
  VersionMismatch: {
    code: 409,
    message: 'Hardware managers version mismatch, reload agent with correct version',
  },
  CommandExecutionError: { code: 500, message: 'Command execution failed' },
  CleaningError: { code: 500, message: 'Clean step failed' },
  DeploymentError: { code: 500, message: 'Deploy step failed' },
  ServicingError: { code: 500, message: 'Service step failed' },
  ImageDownloadError: { code: 500, message: 'Error downloading image' },
  ImageChecksumError: { code: 500, message: 'Error verifying image checksum' },
  ImageWriteError: { code: 500, message: 'Error writing image to device' },
  InvalidImage: { code: 500, message: 'Error validating image' },
  BlockDeviceError: { code: 500, message: 'Block device caused unknown error' },
  BlockDeviceEraseError: { code: 500, message: 'Error erasing block device' },
  ProtectedDeviceError: { code: 500, message: 'Protected device located, cannot proceed' },
  HardwareManagerMethodNotFound: {
    code: 500,
    message: 'No HardwareManager found to handle method',
  },
  SystemRebootError: { code: 500, message: 'Error rebooting system' },
} as const;

export type CommandFailureKind = keyof typeof KINDS;

export class CommandFailure extends Error {
  readonly kind: CommandFailureKind;
  readonly status: number;
  readonly failureCode: FailureCode | undefined;

  constructor(
    kind: CommandFailureKind,
    details: string,
    options: { readonly failureCode?: FailureCode; readonly cause?: unknown } = {},
  ) {
    super(details, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = kind;
    this.kind = kind;
    this.status = KINDS[kind].code;
    this.failureCode = options.failureCode;
  }

  /** Title and details in one line, as an HTTP refusal shows them. */
  get text(): string {
    return `${KINDS[this.kind].message}: ${this.message}`;
  }
}

/** What is kept and sent of anything that was thrown. Never a stack. */
export const commandError = (error: unknown): CommandError => {
  const failure =
    error instanceof CommandFailure
      ? error
      : new CommandFailure(
          'CommandExecutionError',
          error instanceof Error ? error.message : String(error),
        );
  return {
    type: failure.kind,
    code: failure.status,
    message: KINDS[failure.kind].message,
    details: failure.message,
    ...(failure.failureCode === undefined ? {} : { failure_code: failure.failureCode }),
  };
};
