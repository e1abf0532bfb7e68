// The numbers with which a BMC refuses: at the opening of a session (IPMI 2.0 table 13-15), and in the answer to
// a command (table 5-2).

import { IpmiFailure, type IpmiTrouble } from './failures.ts';

/** Statuses after which the opening can be begun anew: the BMC forgot, or mixed up, this one. */
const FORGOTTEN = [0x02, 0x08];

const OPENING_TROUBLES: { readonly [status: number]: IpmiTrouble } = {
  0x01: 'sessions-full',
  0x04: 'no-cipher-suite',
  0x05: 'no-cipher-suite',
  0x06: 'no-cipher-suite',
  0x07: 'no-cipher-suite',
  0x09: 'privilege-too-low',
  0x0a: 'privilege-too-low',
  0x0b: 'sessions-full',
  0x0c: 'wrong-user',
  0x0d: 'wrong-user',
  0x0f: 'wrong-password',
  0x10: 'no-cipher-suite',
  0x11: 'no-cipher-suite',
};

export const openingFailure = (status: number): IpmiFailure => {
  const details = { status };
  if (FORGOTTEN.includes(status)) {
    return new IpmiFailure('no-answer', 'It forgot the session that was being opened.', details);
  }
  const trouble = OPENING_TROUBLES[status];
  return trouble === undefined
    ? new IpmiFailure('malformed', `It refuses the session with status ${hex(status)}.`, details)
    : new IpmiFailure(trouble, '', details);
};

export const COMPLETED = 0x00;

const COMMAND_TROUBLES: { readonly [code: number]: IpmiTrouble } = {
  0xc0: 'busy',
  0xc1: 'command-unsupported',
  0xc2: 'command-unsupported',
  0xc3: 'busy',
  0xd4: 'privilege-too-low',
};

export const commandFailure = (name: string, completionCode: number): IpmiFailure =>
  new IpmiFailure(
    COMMAND_TROUBLES[completionCode] ?? 'command-refused',
    `${name}: completion code ${hex(completionCode)}.`,
    { command: name, completionCode },
  );

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
