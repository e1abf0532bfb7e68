// What ipmitool 1.8.19 prints for raw commands: the bytes of the answer in lines of 16, without the completion code;
// for one that failed a line on the other stream with `rsp=0x..`, and status 1. Recorded in ipmitool-answer.test.ts.

import type { ProgramResult } from '../../run-program.ts';
import type { IpmiAnswer } from './system-interface.ts';

const BYTES_LINE = /^(?: [0-9a-f]{2}){1,16}$/;
const REFUSAL = /\brsp=0x([0-9a-f]{1,2})\)/;

/** Undefined: the BMC was not reached, or what was printed is no answer. */
export const parseRawAnswer = ({
  status,
  stdout,
  stderr,
}: ProgramResult): IpmiAnswer | undefined => {
  if (status !== 0) {
    const code = REFUSAL.exec(stderr)?.[1];
    return code === undefined
      ? undefined
      : { code: Number.parseInt(code, 16), data: Buffer.alloc(0) };
  }
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (!lines.every((line) => BYTES_LINE.test(line))) return undefined;
  return { code: 0, data: Buffer.from(lines.join('').replaceAll(' ', ''), 'hex') };
};

/**
 * Of a script of commands that were all obeyed, with answers of 1 to 16 bytes, thus of one line each. Undefined when it is
 * not so: which line belongs to which command cannot be told then.
 */
export const parseRawAnswers = (
  { status, stdout, stderr }: ProgramResult,
  count: number,
): readonly IpmiAnswer[] | undefined => {
  if (status !== 0 || stderr.trim() !== '') return undefined;
  const lines = stdout.split('\n').slice(0, -1);
  if (lines.length !== count || !lines.every((line) => BYTES_LINE.test(line))) return undefined;
  return lines.map((line) => ({ code: 0, data: Buffer.from(line.replaceAll(' ', ''), 'hex') }));
};
