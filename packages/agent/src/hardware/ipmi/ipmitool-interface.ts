// The BMC over the kernel's device. Node.js has no ioctl, so ipmitool speaks for us. A command that holds a password
// goes to it through a pipe with a name, as a line of a script: arguments, environment and files are seen by others.
// (Its own pipe to a child is a socket in Node.js, and `/dev/stdin` of a socket cannot be opened.)

import { CommandFailure } from '../../command-failure.ts';
import {
  ProgramMissing,
  type ProgramResult,
  tryProgram,
  tryProgramWithScript,
} from '../../run-program.ts';
import { parseRawAnswer, parseRawAnswers } from './ipmitool-answer.ts';
import type { IpmiRequest, SystemInterface } from './system-interface.ts';

const PROGRAM = 'ipmitool';
/** The kernel gives a BMC 5 s per try and tries a few times. */
const ANSWER_MS_MAX = 30_000;
/** All users of a BMC, some milliseconds each; slower on emulated processors. */
const BULK_MS_MAX = 50_000;

export type IpmitoolOptions = {
  /** What comes before the command: the way to the BMC. */
  readonly way?: readonly string[];
};

/** The kernel's first device. */
const LOCAL_DEVICE: readonly string[] = ['-I', 'open'];

export const makeIpmitoolInterface = ({
  way = LOCAL_DEVICE,
}: IpmitoolOptions = {}): SystemInterface => {
  const runOne = ({ isSecret = false, ...asked }: IpmiRequest): Promise<ProgramResult> =>
    isSecret
      ? runScript([{ ...asked, isSecret }], ANSWER_MS_MAX)
      : tryProgram(PROGRAM, [...way, 'raw', ...wordsOf(asked)], { timeoutMs: ANSWER_MS_MAX });

  const runScript = async (
    asked: readonly IpmiRequest[],
    timeoutMs: number,
  ): Promise<ProgramResult> => {
    const script = scriptOf(asked);
    try {
      return await tryProgramWithScript(PROGRAM, [...way, 'exec'], script, { timeoutMs });
    } finally {
      script.fill(0);
    }
  };

  const exchange: SystemInterface['exchange'] = async (asked) => {
    const result = await orMissing(runOne(asked));
    const answer = parseRawAnswer(result);
    if (answer !== undefined) return answer;
    // ipmitool repeats what it does not understand: of a line with a password nothing is shown.
    const words = asked.isSecret === true ? '' : `: ${result.stderr.trim().slice(0, 200)}`;
    throw unreachable(words);
  };

  return {
    exchange,
    exchangeAll: async (asked) => {
      const result = await orMissing(runScript(asked, BULK_MS_MAX));
      const answers = parseRawAnswers(result, asked.length);
      if (answers !== undefined) return answers;
      const single: Awaited<ReturnType<typeof exchange>>[] = [];
      for (const each of asked) single.push(await exchange(each));
      return single;
    },
  };
};

const unreachable = (words: string): CommandFailure =>
  new CommandFailure(
    'CommandExecutionError',
    `the BMC cannot be asked from inside the machine${words}`,
  );

const orMissing = async (result: Promise<ProgramResult>): Promise<ProgramResult> => {
  try {
    return await result;
  } catch (error) {
    if (error instanceof ProgramMissing) throw unreachable(`: ${error.message}`);
    throw error;
  }
};

const hexOf = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const wordsOf = ({ netFn, command, data }: IpmiRequest): string[] =>
  [netFn, command, ...data].map(hexOf);

const WORD_BYTES = 5;
const FRONT = Buffer.from('raw');

/** Built as bytes, so that a password in it can be overwritten; a text could not. */
const scriptOf = (asked: readonly IpmiRequest[]): Buffer => {
  const lengths = asked.map(({ data }) => FRONT.length + (2 + data.length) * WORD_BYTES + 1);
  const script = Buffer.alloc(lengths.reduce((sum, each) => sum + each, 0));
  let at = 0;
  for (const { netFn, command, data } of asked) {
    at += FRONT.copy(script, at);
    for (const value of [netFn, command, ...data]) at += script.write(` ${hexOf(value)}`, at);
    at += script.write('\n', at);
  }
  return script;
};
