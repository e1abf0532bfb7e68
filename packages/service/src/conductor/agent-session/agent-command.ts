// A command as a waiting step: sent once, looked at until it ended, its error turned into a stored failure.

import type { CommandResult } from '@bessemer/protocol/agent/command';
import { FAILURE_CODES, type FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';
import { isJsonObject, type JsonObject } from '@bessemer/protocol/json';

import type { Job, StepWait } from '../workflow/step.ts';
import { foreignText } from './foreign-text.ts';

/** How often a running command is looked at: often enough for a live view, far apart enough for a busy agent. */
const LOOK_MS = 2_000;

/** A wait taken up after a crash that came before it was stored has no deadline yet. */
export const isFirstWait = (job: Job): boolean => job.workflow.state !== 'waiting';

export const waitForCommand = (
  job: Job,
  options: { readonly isFirst: boolean; readonly progress?: JsonObject },
): StepWait => ({
  kind: 'wait',
  what: `the agent to finish ${job.planned.name}`,
  on: 'the agent in the ramdisk',
  remedy:
    'Look at the console of the machine. Abort or delete to give up; the deadline is [agent] command_timeout.',
  timeoutCode: 'agent.command-failed',
  lookAfterMs: LOOK_MS,
  ...(options.isFirst ? { timeoutMs: job.parts.options.commandTimeoutMs } : {}),
  ...(options.progress === undefined ? {} : { progress: options.progress }),
});

/** Error classes of stock agents that say more than "failed". */
const CODE_OF_TYPE: { readonly [type: string]: FailureCode } = {
  ImageChecksumError: 'image.checksum-mismatch',
  ImageDownloadError: 'image.download',
  ImageDownloadTimeoutError: 'image.download',
  ImageWriteError: 'image.write',
  InvalidImage: 'image.format',
  DeviceNotFound: 'disk.no-match',
  BlockDeviceEraseError: 'disk.erase',
};

const REMEDIES: { readonly [code in FailureCode]?: string } = {
  'image.checksum-mismatch': 'Correct image_os_hash_value or the image, then deploy again.',
  'image.too-large': 'Choose a smaller image or a larger disk (root_device), then deploy again.',
  'image.download': 'See that the image server answers from the machine, then deploy again.',
  'image.format': 'Correct image_disk_format or the image, then deploy again.',
  'disk.no-match': 'Correct the root device hints (root_device), then deploy again.',
  'disk.erase': 'Look at the erasures of the node; replace the disk, or manage and provide again.',
};

export const remedyFor = (code: FailureCode): string =>
  REMEDIES[code] ??
  'Mend the cause, then ask for the same again, or give the node back (deleted, manage).';

const NAME_CHARS_MAX = 100;

export const commandFailure = (result: CommandResult): Failure => {
  const error = result.command_error;
  const own = error?.failure_code;
  const code =
    own !== undefined && Object.hasOwn(FAILURE_CODES, own)
      ? own
      : (CODE_OF_TYPE[error?.type ?? ''] ?? 'agent.command-failed');
  const command = foreignText(result.command_name, NAME_CHARS_MAX) ?? '';
  const text = foreignText(error?.details) ?? foreignText(error?.message) ?? `${command} failed`;
  return new Failure(code, text, {
    details: { remedy: remedyFor(code), command },
  });
};

export const progressOf = (result: CommandResult): JsonObject | undefined => {
  if (!isJsonObject(result.command_result)) return undefined;
  const { progress } = result.command_result;
  return isJsonObject(progress) ? progress : undefined;
};
